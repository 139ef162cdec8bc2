import { aborted, createBackoff } from '@rolegate/runtime';
import type { Clock, Log, Service } from '@rolegate/runtime';
import { classifyStsError } from './sts/errors.ts';

export interface RoleBaseArnOptions {
  /** STS GetCallerIdentity. */
  readonly callerArn: () => Promise<string>;
  readonly onFound: (roleBaseArn: string) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** arn:PARTITION:sts::ACCOUNT:assumed-role/...; users and root have `iam` instead of `sts`. */
const CALLER_ARN = /^arn:(?<partition>[^:]+):(?:sts|iam)::(?<account>\d{12}):/;

/** Detects the base ARN of the server's own account if `--role-base-arn` is not set. Retries until STS answers. */
export function createRoleBaseArnDetection(options: RoleBaseArnOptions): Service {
  const { callerArn, onFound, clock, random, log } = options;

  async function detect(signal: AbortSignal): Promise<string | undefined> {
    const backoff = createBackoff({ firstMs: 500, capMs: 30_000, random });
    let lastReason = '';
    while (!signal.aborted) {
      try {
        return roleBaseArnOf(await callerArn());
      } catch (error) {
        const { reason, message } = classifyStsError(error);
        if (lastReason !== reason)
          log.warn('role base ARN not detected yet', {
            reason,
            error: message,
            hint: "Check the server's own credentials and its connection to STS, or set --role-base-arn.",
          });
        lastReason = reason;
      }
      await clock.sleep(backoff.next(), signal);
    }
    return undefined;
  }

  return {
    name: 'role base ARN',
    async run(signal) {
      const found = await detect(signal);
      if (found === undefined || signal.aborted) return;
      log.info('role base ARN detected', { roleBaseArn: found });
      onFound(found);
      await aborted(signal);
    },
  };
}

/** The base ARN of the roles in the caller's own account. */
export function roleBaseArnOf(arn: string): string {
  const { partition, account } = CALLER_ARN.exec(arn)?.groups ?? {};
  if (partition === undefined || account === undefined)
    throw new Error(`STS returned an ARN without an account: ${arn.slice(0, 200)}`);
  return `arn:${partition}:iam::${account}:role/`;
}
