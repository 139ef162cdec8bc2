import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { HostPort } from '@rolegate/runtime';
import { outputOf } from '@rolegate/testing';
import { REGION } from './program-flags.ts';
import { tokenEnvironment } from './token-client.ts';

/** Long enough to start a process on a busy machine. The SDK itself gives up on the metadata API after a second. */
const TIMEOUT_MS = 30_000;

export interface CallerIdentity {
  readonly Account: string;
  readonly Arn: string;
}

/** Where an SDK gets a Pod's credentials. */
export type SdkSource =
  /** The Pod's relay to the metadata API. */
  | { readonly metadataPort: number }
  /** The endpoint for container credentials, with the Pod's ServiceAccount token. */
  | { readonly endpoint: HostPort; readonly tokenFile: string };

interface Sts {
  readonly stsEndpoint: string;
}

/** Environment variables that lead an SDK to a Pod's relay and the STS stand-in, and change nothing else. */
export function sdkEnvironment({ metadataPort, stsEndpoint }: { readonly metadataPort: number } & Sts) {
  return {
    AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${metadataPort}`,
    AWS_ENDPOINT_URL_STS: stsEndpoint,
    AWS_REGION: REGION,
  };
}

/** Calls GetCallerIdentity with the AWS SDK for JavaScript in its own process, with default timeouts and attempts. */
export async function callerIdentity(where: SdkSource & Sts): Promise<CallerIdentity> {
  const script = fileURLToPath(new URL(`./sdk-caller${extname(import.meta.url)}`, import.meta.url));
  const stdout = await outputOf([process.execPath, script], {
    env: environmentOf(where),
    timeoutMs: TIMEOUT_MS,
  });
  return JSON.parse(stdout) as CallerIdentity;
}

function environmentOf(where: SdkSource & Sts): Readonly<Record<string, string>> {
  if ('metadataPort' in where) return sdkEnvironment(where);
  return { ...tokenEnvironment(where), AWS_ENDPOINT_URL_STS: where.stsEndpoint, AWS_REGION: REGION };
}

/** Asks STS which assumed-role ARN the credentials of an IMDS document belong to. */
export async function ownerOf(document: string, stsEndpoint: string): Promise<string> {
  const { AccessKeyId, SecretAccessKey, Token } = JSON.parse(document) as Record<string, string>;
  const credentials = {
    accessKeyId: AccessKeyId ?? '',
    secretAccessKey: SecretAccessKey ?? '',
    sessionToken: Token ?? '',
  };
  const sts = new STSClient({ region: REGION, endpoint: stsEndpoint, credentials });
  const { Arn = '' } = await sts.send(new GetCallerIdentityCommand({}));
  sts.destroy();
  return Arn;
}
