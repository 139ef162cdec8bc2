import type { Credentials, FeedUpdate, PodState, SessionState } from '@rolegate/protocol';
import type { IssuedCredentials, SessionCredentials } from '../../credentials/sessions.ts';
import type { DecidedPod } from '../../decisions/decisions.ts';
import { sessionId } from '../../session/session.ts';

/** The wire message of a decided Pod. */
export function podState({ pod, verdict: { decision, metadata }, versions, inputs }: DecidedPod): PodState {
  const message: PodState = {
    uid: pod.uid,
    namespace: pod.namespace,
    name: pod.name,
    serviceAccount: pod.serviceAccount,
    runtimeUid: pod.runtimeUid,
    ips: [...pod.ips],
    hostNetwork: pod.hostNetwork,
    ended: pod.ended,
    terminating: pod.terminating,
    resourceVersions: versions,
    inputs,
    metadata:
      metadata.only === undefined
        ? { denied: metadata.denied }
        : { denied: metadata.denied, only: { groups: [...metadata.only] } },
  };
  switch (decision.kind) {
    case 'allow': {
      const { session, roleArn, roleName } = decision;
      return {
        ...message,
        allow: { sessionId: sessionId(session), roleArn, roleName, sessionName: session.sessionName },
      };
    }
    case 'deny':
      return {
        ...message,
        deny: { reason: decision.reason, message: decision.message, roleName: decision.roleName ?? '' },
      };
    case 'pending':
      return {
        ...message,
        pending: { waitsFor: decision.waitsFor, withdraws: decision.withdraws === true },
      };
  }
}

/**
 * The wire message of a session, for an agent that has cached the credentials with fingerprint `cached`: it gets credentials
 * only if they are new to it, and the failure of the last attempt.
 */
export function sessionState(
  id: string,
  { credentials, failure }: SessionCredentials,
  cached: string | undefined,
  nowMs: number,
): SessionState {
  const message: SessionState = { sessionId: id };
  if (failure !== undefined) message.failure = { reason: failure.reason, message: failure.message };
  if (credentials === undefined) return message;
  if (credentials.fingerprint === cached) return { ...message, heldFingerprint: cached };
  return { ...message, credentials: credentialsMessage(credentials, nowMs) };
}

export function podRemoved(uid: string, resourceVersion: string): FeedUpdate {
  return { podRemoved: { uid, resourceVersion } };
}

function credentialsMessage(credentials: IssuedCredentials, nowMs: number): Credentials {
  const { accessKeyId, secretAccessKey, sessionToken, accountId, fingerprint, lifetimeMs, expiresAtMs } =
    credentials;
  return {
    accessKeyId,
    secretAccessKey,
    sessionToken,
    accountId,
    fingerprint,
    lifetimeMs,
    remainingMs: expiresAtMs - nowMs,
  };
}
