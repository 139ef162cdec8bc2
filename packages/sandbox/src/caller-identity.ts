import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { outputOf } from '@rolegate/testing';
import { REGION } from './program-flags.ts';

/** Generous: a process start on a busy machine; the SDK itself gives up on the metadata API after a second. */
const TIMEOUT_MS = 30_000;

export interface CallerIdentity {
  readonly Account: string;
  readonly Arn: string;
}

/** The environment that leads an SDK to a Pod's relay and to the STS stand-in; nothing else is changed. */
export function sdkEnvironment({ metadataPort, stsEndpoint }: { metadataPort: number; stsEndpoint: string }) {
  return {
    AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${metadataPort}`,
    AWS_ENDPOINT_URL_STS: stsEndpoint,
    AWS_REGION: REGION,
  };
}

/** GetCallerIdentity by the AWS SDK for JavaScript in a process of its own, with its default timeouts and attempts. */
export async function callerIdentity(where: {
  metadataPort: number;
  stsEndpoint: string;
}): Promise<CallerIdentity> {
  const script = fileURLToPath(new URL(`./sdk-caller${extname(import.meta.url)}`, import.meta.url));
  const stdout = await outputOf([process.execPath, script], {
    env: sdkEnvironment(where),
    timeoutMs: TIMEOUT_MS,
  });
  return JSON.parse(stdout) as CallerIdentity;
}

/** Whose the credentials of an IMDS document are, by the word of STS: an assumed-role ARN. */
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
