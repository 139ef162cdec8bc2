import type { Log } from '@rolegate/runtime';
import type { StsFault } from './errors.ts';

/** calls: what Pods' roles are asked with. assumedRole: `--assume-role-arn`. own: what that one is assumed with. */
export type OwnPart = 'calls' | 'assumedRole' | 'own';

/** Whether STS takes the server itself. Never a Pod's fault. */
export interface OwnCondition {
  failed(part: OwnPart, fault: StsFault): void;
  good(part: OwnPart): void;
  /** What keeps the server from issuing anything, or soon will; until a call succeeds. */
  readonly current: () => StsFault | undefined;
}

const LINES: Record<OwnPart, { readonly failed: string; readonly good: string }> = {
  calls: { failed: 'sts does not take the server', good: 'sts takes the server again' },
  assumedRole: {
    failed: 'the role of --assume-role-arn is not given',
    good: 'the role of --assume-role-arn is given again',
  },
  own: { failed: 'own credentials are not taken', good: 'own credentials are taken again' },
};

/** One line for each change of what fails. */
export function createOwnCondition({ log }: { readonly log: Log }): OwnCondition {
  const faults = new Map<OwnPart, StsFault>();
  return {
    failed(part, fault) {
      if (faults.get(part)?.reason !== fault.reason)
        log.error(LINES[part].failed, { reason: fault.reason, error: fault.message });
      faults.set(part, fault);
    },
    good(part) {
      const before = faults.get(part);
      faults.delete(part);
      if (before !== undefined) log.info(LINES[part].good, { reason: before.reason });
    },
    current: () => faults.get('calls') ?? faults.get('assumedRole') ?? faults.get('own'),
  };
}
