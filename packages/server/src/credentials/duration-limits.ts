import type { ServerMemory } from '../memory/memory.ts';
import type { Session } from '../session/session.ts';

/** What role chaining and the shortest MaxSessionDuration allow. Seconds. */
const SAFE_SECONDS = 3600;

/** A role may have been given a longer MaxSessionDuration since: STS is asked again. Milliseconds. */
const SHORTENED_MS = 86_400_000;
/** More roles than a cluster names; beyond it the oldest of the Namespace with the most is learned again. */
const MOST_ROLES = 10_000;

/** Roles for which STS has found the wanted duration too long. */
export interface DurationLimits {
  /** The session as STS is to be asked for it. */
  limited(session: Session): Session;
  /** After STS complained of the asked duration: true if a shorter one may be tried. `namespace`: whose session it is. */
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
