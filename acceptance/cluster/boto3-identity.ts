import { sdkEnvironment } from '@rolegate/sandbox';
import type { CallerIdentity } from '@rolegate/sandbox';
import { outputOf } from '@rolegate/testing';

/** Covers the start of a process on a busy machine. The SDK itself waits one second for the metadata API. */
const TIMEOUT_MS = 30_000;

/** boto3 with default timeouts and attempts. */
const BOTO3_CALLER = `
import boto3, json
answer = boto3.client('sts').get_caller_identity()
print(json.dumps({'Account': answer['Account'], 'Arn': answer['Arn']}))
`;

/** Calls GetCallerIdentity with boto3 in a new process. */
export async function boto3Identity(
  python: string,
  where: { metadataPort: number; stsEndpoint: string },
): Promise<CallerIdentity> {
  const environment = sdkEnvironment(where);
  const stdout = await outputOf([python, '-c', BOTO3_CALLER], {
    env: { ...environment, AWS_DEFAULT_REGION: environment.AWS_REGION },
    timeoutMs: TIMEOUT_MS,
  });
  return JSON.parse(stdout) as CallerIdentity;
}
