import { sdkEnvironment } from '@rolegate/sandbox';
import type { CallerIdentity } from '@rolegate/sandbox';
import { outputOf } from '@rolegate/testing';

/** Generous: a process start on a busy machine; the SDK itself gives up on the metadata API after a second. */
const TIMEOUT_MS = 30_000;

/** boto3 as an application uses it: no timeouts or attempts of ours. */
const BOTO3_CALLER = `
import boto3, json
answer = boto3.client('sts').get_caller_identity()
print(json.dumps({'Account': answer['Account'], 'Arn': answer['Arn']}))
`;

/** GetCallerIdentity by boto3 with its defaults, in a process of its own. */
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
