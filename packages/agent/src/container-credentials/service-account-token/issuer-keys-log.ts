import { createTransition } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';

const OUTDATED =
  'Container credentials need a server now to check ServiceAccount tokens. Check the feed, and the log of the servers: they read the keys from the API server.';
const SKIPPED =
  'The agent can use RSA keys of 2,048 to 8,192 bits and the curves P-256, P-384 and P-521. ServiceAccount tokens of other keys are checked by TokenReview.';

export interface KeysLog {
  readonly changed: (issuers: readonly string[], count: number) => void;
  readonly condition: (is: 'current' | 'outdated') => void;
  /** The IDs of the keys that cannot be used. */
  readonly skipped: (ids: readonly string[]) => void;
}

/** Logs what happens to the API server's keys: each change once. */
export function createKeysLog(log: Log): KeysLog {
  const outdated = createTransition<true>({
    begins() {
      log.warn('issuer keys outdated', { hint: OUTDATED });
    },
    ends() {
      log.info('issuer keys current again', {});
    },
  });
  const skipped = createTransition<string>({
    begins: logSkipped,
    changes: logSkipped,
    ends: () => undefined,
  });

  function logSkipped(keyIds: string): void {
    log.warn('issuer keys skipped', { keyIds, hint: SKIPPED });
  }

  return {
    changed(issuers, count) {
      log.info('issuer keys received', { issuers, count });
    },
    condition(is) {
      outdated(is === 'outdated' ? true : undefined);
    },
    skipped(ids) {
      skipped(ids.length === 0 ? undefined : ids.join(' '));
    },
  };
}
