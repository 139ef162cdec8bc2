import type { Caller } from '../addresses/caller.ts';
import type { KnownPod } from '../feed/table/known-pod.ts';
import { refusal } from '../pod-http/answer/answer.ts';
import type { Answer } from '../pod-http/answer/answer.ts';
import type { HoldAction } from '../pod-http/holding.ts';
import type { TokenClaims, TokenJudgement } from './token-judge.ts';

/** Somebody has the address. */
export type KnownCaller = Exclude<Caller, { readonly kind: 'unknown' }>;

/** What a request proves about the Pod that sent it. */
export type Proof =
  | { readonly kind: 'proven'; readonly pod: KnownPod }
  /** The token is good, but another Pod's. */
  | { readonly kind: 'foreign'; readonly pod: KnownPod; readonly answer: Answer }
  | { readonly kind: 'refused'; readonly answer: Answer }
  | HoldAction;

export interface ProofSituation {
  readonly judgement: TokenJudgement;
  /** The Pod with this UID. */
  readonly pod: (uid: string) => KnownPod | undefined;
  /** The feed has removed the Pod. */
  readonly isRemoved: (uid: string) => boolean;
  /** Who has the source address. */
  readonly source: KnownCaller;
}

/**
 * A token proves its Pod only while the Pod runs on this node, and only from where the Pod is (DESIGN.md 4.12). Pure: it is
 * called again when the situation changes.
 */
export function proofOf({ judgement, pod: podWith, isRemoved, source }: ProofSituation): Proof {
  if (judgement.kind === 'invalid') return refused(judgement.fault);
  if (judgement.kind === 'unknown') return hold(judgement.waitsFor);
  const { claims } = judgement;
  const pod = podWith(claims.podUid);
  if (pod === undefined) {
    return isRemoved(claims.podUid)
      ? refused('the Pod of the ServiceAccount token was deleted')
      : hold('the feed to list the Pod of the ServiceAccount token');
  }
  if (pod.ended) return refused('the Pod of the ServiceAccount token has ended');
  if (!isOf(claims, pod))
    return refused(
      'the ServiceAccount token names another Namespace, Pod or ServiceAccount than its Pod has',
    );
  return provenFrom(source, pod);
}

function isOf({ namespace, podName, serviceAccount }: TokenClaims, pod: KnownPod): boolean {
  return namespace === pod.namespace && podName === pod.name && serviceAccount === pod.serviceAccount;
}

/** Of two live Pods with one address, the token says which one it is. */
function provenFrom(source: KnownCaller, pod: KnownPod): Proof {
  switch (source.kind) {
    case 'node':
      return pod.hostNetwork ? { kind: 'proven', pod } : foreign(pod, "the address is one of the node's own");
    case 'pod':
    case 'ambiguous': {
      const owners = source.kind === 'pod' ? [source.pod] : source.pods;
      const isOwn = !pod.hostNetwork && owners.some(({ uid }) => uid === pod.uid);
      return isOwn ? { kind: 'proven', pod } : foreign(pod, 'the address is of another Pod');
    }
  }
}

function foreign(pod: KnownPod, detail: string): Proof {
  return { kind: 'foreign', pod, answer: refusal('TokenForeign', { detail }) };
}

function refused(detail: string): Proof {
  return { kind: 'refused', answer: refusal('TokenInvalid', { detail }) };
}

function hold(waitedFor: string): HoldAction {
  return { kind: 'hold', inVain: refusal('HeldTimeout', { waitedFor }) };
}
