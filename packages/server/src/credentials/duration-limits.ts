import type { ServerMemory } from '../memory/memory.ts';
import type { Session } from '../session/session.ts';

/** The most that role chaining and the shortest possible MaxSessionDuration allow. Seconds. */
const SAFE_SECONDS = 3600;

/** The long duration is tried again after this time: MaxSessionDuration may have been raised. Milliseconds. */
const SHORTENED_MS = 86_400_000;
/** More roles than a cluster uses; beyond it, the oldest of the Namespace with the most is forgotten. */
const MOST_ROLES = 10_000;

/** Remembers the roles for which STS found the requested duration too long. */
export interface DurationLimits {
  /** The session with the duration to request. */
  limited(session: Session): Session;
  /** After STS found the duration too long: true if a shorter one can be tried. `namespace`: whose session it is. */
  shorten(asked: Session, namespace: string): boolean;
}

export function createDurationLimits(memory: ServerMemory): DurationLimits {
  const roles = memory.remember<true>('shortened_roles', { keepMs: SHORTENED_MS, most: MOST_ROLES });
  return {
    limited: (session) =>
      session.durationSeconds > SAFE_SECONDS && roles.get(session.roleArn) === true
        ? { ...session, durationSeconds: SAFE_SECONDS }
        : session,
    shorten({ roleArn, durationSeconds }, namespace) {
      if (durationSeconds <= SAFE_SECONDS) return false;
      roles.set(roleArn, true, namespace);
      return true;
    },
  };
}
