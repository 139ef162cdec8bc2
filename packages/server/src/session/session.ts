import { createHash } from 'node:crypto';

/**
 * The identity of credentials: all parameters of AssumeRole (AWS STS API reference), and the Pod or workload if they are for only
 * one. Two Pods share credentials only if all of it is equal.
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
  /** UID of the only Pod that uses them (`--session-scope pod`). Not sent to STS. */
  readonly podUid?: string;
  /** The only `<namespace>/<serviceAccount>` that uses them, if the session name does not contain it. Not sent to STS. */
  readonly workload?: string;
}

/** The session's key on the wire and in every cache: the same on each replica, and reveals nothing. */
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
  // JSON separates the parts unambiguously.
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
