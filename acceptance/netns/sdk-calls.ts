import { fileURLToPath } from 'node:url';
import { REGION } from '@rolegate/sandbox';
import { PLAIN_ENV, runCommand } from '@rolegate/testing';
import type { CommandResult } from '@rolegate/testing';
import { STS_URL } from '../network/addresses.ts';

export const sdks = ['boto3', 'JavaScript'] as const;
export type Sdk = (typeof sdks)[number];

/** As an application uses it: no timeouts or attempts of ours. */
const BOTO3_CALLER = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])";

/** Where STS is, and nothing else: the metadata API is where it is for everybody. */
const ENVIRONMENT = {
  ...PLAIN_ENV,
  AWS_ENDPOINT_URL_STS: STS_URL,
  AWS_REGION: REGION,
  AWS_DEFAULT_REGION: REGION,
};

/** Asks by an unmodified SDK, in a process that starts now, who it is: the ARN is in what it prints. */
export function whoAmI(sdk: Sdk, enter: readonly string[], python: string): Promise<CommandResult> {
  const script = fileURLToPath(import.meta.resolve('@rolegate/sandbox/sdk-caller'));
  const command = sdk === 'boto3' ? [python, '-c', BOTO3_CALLER] : [process.execPath, script];
  return runCommand([...enter, ...command], { env: ENVIRONMENT });
}
