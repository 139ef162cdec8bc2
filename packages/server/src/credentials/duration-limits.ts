import type { Session } from '../session.ts';

/** What role chaining and the shortest MaxSessionDuration allow. Seconds. */
const SAFE_SECONDS = 3600;

/** More roles than a cluster names; beyond it the oldest is learnt again. */
const MOST_ROLES = 10_000;

/** Roles for which STS has found the wanted duration too long. */
export interface DurationLimits {
  /** The session as STS is to be asked for it. */
  limited(session: Session): Session;
  /** After STS complained of the asked duration: true where a shorter one may be tried. */
  shorten(asked: Session): boolean;
}

export function createDurationLimits(): DurationLimits {
  const roles = new Set<string>();
  return {
    limited: (session) =>
      session.durationSeconds > SAFE_SECONDS && roles.has(session.roleArn)
        ? { ...session, durationSeconds: SAFE_SECONDS }
        : session,
    shorten({ roleArn, durationSeconds }) {
      if (durationSeconds <= SAFE_SECONDS) return false;
      roles.add(roleArn);
      const [oldest] = roles;
      if (roles.size > MOST_ROLES && oldest !== undefined) roles.delete(oldest);
      return true;
    },
  };
}
