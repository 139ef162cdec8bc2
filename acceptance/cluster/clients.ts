import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sdkEnvironment } from '@rolegate/sandbox';
import type { CallerIdentity } from '@rolegate/sandbox';

const exec = promisify(execFile);

/** Generous: a process start on a busy machine; the SDK itself gives up on the metadata API after a second. */
const TIMEOUT_MS = 30_000;

/** boto3 as an application uses it: no timeouts or attempts of ours. */
const BOTO3_CALLER = `
import boto3, json
answer = boto3.client('sts').get_caller_identity()
print(json.dumps({'Account': answer['Account'], 'Arn': answer['Arn']}))
`;

/**
 * A Python that has boto3: the one given, the machine's own if it has it, else a virtual environment made in `cache`.
 * Throws with what to do when none can be had.
 */
export async function pythonWithBoto3({
  given,
  cache,
}: {
  given: string | undefined;
  cache: string;
}): Promise<string> {
  const candidates = given === undefined ? ['python3', join(cache, 'bin/python')] : [given];
  for (const python of candidates) if (await hasBoto3(python)) return python;
  if (given !== undefined) throw new Error(`${given} has no boto3: install it there, or leave --python out`);
  await mkdir(cache, { recursive: true });
  if (!existsSync(join(cache, 'bin/pip'))) await exec('python3', ['-m', 'venv', cache]);
  await exec(join(cache, 'bin/pip'), ['install', '--quiet', 'boto3']);
  return join(cache, 'bin/python');
}

async function hasBoto3(python: string): Promise<boolean> {
  try {
    await exec(python, ['-c', 'import boto3']);
    return true;
  } catch {
    return false;
  }
}

/** GetCallerIdentity by boto3 with its defaults, in a process of its own. */
export async function boto3Identity(
  python: string,
  where: { metadataPort: number; stsEndpoint: string },
): Promise<CallerIdentity> {
  const environment = sdkEnvironment(where);
  const { stdout } = await exec(python, ['-c', BOTO3_CALLER], {
    env: { ...environment, AWS_DEFAULT_REGION: environment.AWS_REGION },
    timeout: TIMEOUT_MS,
  });
  return JSON.parse(stdout) as CallerIdentity;
}
