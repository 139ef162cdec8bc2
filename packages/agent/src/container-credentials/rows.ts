import type { Reason } from '@rolegate/protocol';
import type { CachedCredentials, CachedSession, Decision, KnownPod } from '../feed/table/known-pod.ts';
import { refusal } from '../pod-http/answer/answer.ts';
import type { Answer } from '../pod-http/answer/answer.ts';
import { renderOnce } from '../pod-http/answer/render.ts';
import type { HoldAction } from '../pod-http/holding.ts';
import { containerDocument } from './document.ts';

/** What to do with a request. */
export type CredentialsAction = { readonly kind: 'answer'; readonly answer: Answer } | HoldAction;

/** What determines the answer to a Pod that is proven, at one moment. */
export interface CredentialsSituation {
  readonly pod: KnownPod;
  readonly session: (id: string) => CachedSession | undefined;
  /** On the agent's monotonic clock. Milliseconds. */
  readonly monotonicMs: number;
}

type Denied = Extract<Decision, { kind: 'deny' }>;

/** Failures of the role itself, which waiting does not fix. */
const ROLE_FAILURES: ReadonlySet<Reason> = new Set<Reason>(['StsAccessDenied', 'StsInvalidRequest']);

/**
 * Decides the action for a proven Pod by its decision alone: `rolegate.dev/metadata: deny` closes the metadata API, not this
 * endpoint (DESIGN.md 4.12). Pure.
 */
export function answerProven({ pod: { decision }, ...now }: CredentialsSituation): CredentialsAction {
  switch (decision.kind) {
    case 'pending':
      return hold(refusal('HeldTimeout', { waitedFor: decision.waitsFor }));
    case 'deny':
      return denied(decision);
    case 'allow':
      return fromSession(now.session(decision.sessionId), now.monotonicMs);
  }
}

function denied({ reason, message: detail }: Denied): CredentialsAction {
  // A server decides host-network Pods once it knows that this agent serves the endpoint.
  if (reason === 'HostNetwork')
    return hold(refusal(reason, { waitedFor: 'a server to decide it as a Pod that is served by its token' }));
  return { kind: 'answer', answer: refusal(reason, { status: reason === 'NoRole' ? 404 : 403, detail }) };
}

function fromSession(session: CachedSession | undefined, monotonicMs: number): CredentialsAction {
  const credentials = session?.credentials;
  if (credentials !== undefined && credentials.expiresAtMs > monotonicMs) {
    return { kind: 'answer', answer: documentOf(credentials) };
  }
  const failure = session?.failure;
  if (failure !== undefined && ROLE_FAILURES.has(failure.reason)) {
    return { kind: 'answer', answer: refusal(failure.reason, { status: 403, detail: failure.message }) };
  }
  const why = failure === undefined ? '' : ` (${failure.reason}: ${failure.message})`;
  return hold(
    refusal(credentials ? 'CredentialsExpired' : 'HeldTimeout', { waitedFor: `credentials${why}` }),
  );
}

const documents = new WeakMap<CachedCredentials, Answer>();

/** Rendered once for all requests of all Pods that share the session. */
function documentOf(credentials: CachedCredentials): Answer {
  const made = documents.get(credentials);
  if (made !== undefined) return made;
  const { accessKeyId, document } = credentials;
  const body = containerDocument(document);
  const answer = renderOnce({ status: 200, code: '', body, json: true, accessKeyId });
  documents.set(credentials, answer);
  return answer;
}

function hold(inVain: Answer): HoldAction {
  return { kind: 'hold', inVain };
}
