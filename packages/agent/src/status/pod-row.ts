import type { Reason } from '@rolegate/protocol';
import type { Fault } from '../pod-http/answer/answer.ts';
import type { CachedCredentials, CachedSession, KnownPod } from '../feed/table/known-pod.ts';
import type { CredentialsReadings } from './token-answers.ts';
import { isByTokenOnly, tokenAction } from './token-answers.ts';
import { rightsOf } from '../node-imds/metadata-rights.ts';
import { credentialsAction } from './answers-now.ts';
import type { Surroundings } from './answers-now.ts';

/** `ok`, or why the Pod would not get credentials. */
export type PodRowState = 'ok' | Reason | Fault;

/** One Pod as the status shows it. */
export interface PodRow {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly serviceAccount: string;
  readonly ips: readonly string[];
  /** ARN of the permitted role, or the name of the refused one. */
  readonly role: string | undefined;
  readonly sessionName: string | undefined;
  readonly state: PodRowState;
  /** Explains the state, or why credentials that are still valid are not renewed. */
  readonly note: string | undefined;
  readonly remainingMinutes: number | undefined;
  /** The last four characters. */
  readonly accessKeyId: string | undefined;
  /** Groups of other metadata that it may read; undefined: no metadata API at all. */
  readonly metadata: readonly string[] | undefined;
  /** What it has requested credentials with since the agent started, e.g. `aws-sdk-go/1.44.0`, by its own word. */
  readonly clients: readonly string[];
}

export interface PodRowDeps {
  readonly around: () => Surroundings;
  /** From CNI results and Pod status. */
  readonly ipsOf: (pod: KnownPod) => readonly string[];
  readonly clientsOf: (uid: string) => readonly string[];
  readonly feedConnected: () => boolean;
  /** Undefined: container credentials are not served. */
  readonly credentials: Pick<CredentialsReadings, 'serving'> | undefined;
}

export function createPodRows({
  around,
  ipsOf,
  clientsOf,
  feedConnected,
  credentials: endpoint,
}: PodRowDeps): (pod: KnownPod) => PodRow {
  return (pod) => {
    const now = around();
    const { decision } = pod;
    const session = decision.kind === 'allow' ? now.session(decision.sessionId) : undefined;
    const credentials = validOf(session, now.monotonicMs);
    return {
      namespace: pod.namespace,
      name: pod.name,
      uid: pod.uid,
      serviceAccount: pod.serviceAccount,
      ips: ipsOf(pod),
      role: roleOf(pod),
      sessionName: decision.kind === 'allow' ? decision.sessionName : undefined,
      ...stateOf(pod, session, {
        around: now,
        feedConnected: feedConnected(),
        byToken: isByTokenOnly(pod) && endpoint?.serving.current() === true,
      }),
      remainingMinutes: credentials && Math.floor((credentials.expiresAtMs - now.monotonicMs) / 60_000),
      accessKeyId: credentials && `…${credentials.accessKeyId.slice(-4)}`,
      metadata: pod.metadata.denied ? undefined : [...rightsOf(pod, now.groups).groups],
      clients: clientsOf(pod.uid),
    };
  };
}

/** By what is known about the Pod, regardless of its addresses. */
function stateOf(
  pod: KnownPod,
  session: CachedSession | undefined,
  { around, feedConnected, byToken }: { around: Surroundings; feedConnected: boolean; byToken: boolean },
): Pick<PodRow, 'state' | 'note'> {
  if (pod.ended) return { state: 'PodNotFound', note: 'its containers have ended' };
  const action = byToken ? tokenAction(pod, around) : credentialsAction({ kind: 'pod', pod }, around);
  const failure = session?.failure;
  if (action.kind === 'answer') {
    const { code, detail } = action.answer;
    if (code !== '') return { state: code, note: detail ?? messageOf(pod) };
    const by = byToken ? 'served only by its ServiceAccount token' : undefined;
    return { state: 'ok', note: failure ? `not renewed: ${failure.reason}: ${failure.message}` : by };
  }
  if (pod.decision.kind === 'deny') return { state: pod.decision.reason, note: pod.decision.message };
  if (pod.decision.kind === 'pending')
    return { state: 'Pending', note: `waiting for ${pod.decision.waitsFor}` };
  if (failure !== undefined) return { state: failure.reason, note: failure.message };
  return feedConnected
    ? { state: 'Pending', note: 'waiting for credentials from the server' }
    : { state: 'ServerUnavailable', note: 'waiting for credentials, but no server is connected' };
}

function messageOf({ decision }: KnownPod): string | undefined {
  return decision.kind === 'deny' ? decision.message : undefined;
}

function roleOf({ decision }: KnownPod): string | undefined {
  if (decision.kind === 'allow') return decision.roleArn;
  return decision.kind === 'deny' ? decision.roleName : undefined;
}

function validOf(session: CachedSession | undefined, monotonicMs: number): CachedCredentials | undefined {
  const credentials = session?.credentials;
  return credentials !== undefined && credentials.expiresAtMs > monotonicMs ? credentials : undefined;
}
