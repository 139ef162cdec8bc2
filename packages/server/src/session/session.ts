import { createHash } from 'node:crypto';

/**
 * Whose credentials: everything that AssumeRole is told (AWS STS API reference, AssumeRole), and the Pod where they are for
 * one alone. Two Pods share credentials only when all of it is the same.
 */
export interface Session {
  readonly roleArn: string;
  /** RoleSessionName: 2 to 64 of `[\w+=,.@-]`. */
  readonly sessionName: string;
  readonly externalId?: string;
  readonly sourceIdentity?: string;
  /** Session tags, sorted by key. */
  readonly tags: readonly (readonly [key: string, value: string])[];
  /** DurationSeconds. */
  readonly durationSeconds: number;
  /** UID of the one Pod that they are for (`--session-scope pod`), whatever name it has chosen; STS is not told. */
  readonly podUid?: string;
  /** The one `<namespace>/<serviceAccount>` that they are for, if the session name does not say it; STS is not told. */
  readonly workload?: string;
}

/** The session's key on the wire and in every cache: the same on each replica, and nothing can be read from it. */
export function sessionId({
  roleArn,
  sessionName,
  externalId,
  sourceIdentity,
  tags,
  durationSeconds,
  podUid,
  workload,
}: Session): string {
  // JSON keeps the parts apart: no value can be mistaken for two.
  const whole = JSON.stringify([
    roleArn,
    sessionName,
    externalId ?? null,
    sourceIdentity ?? null,
    tags,
    durationSeconds,
    ...(podUid === undefined ? [] : [podUid]),
    ...(workload === undefined ? [] : [workload]),
  ]);
  return createHash('sha256').update(whole).digest('hex').slice(0, 32);
}
