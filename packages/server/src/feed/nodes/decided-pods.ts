import { isDeepStrictEqual } from 'node:util';
import { reasons } from '@rolegate/protocol';
import type { Reason } from '@rolegate/protocol';
import type { DecidedPod, Decisions } from '../../decisions/decisions.ts';
import { agentsReadSame } from '../../decisions/inputs.ts';
import type { Pod } from '../../kubernetes/objects/objects.ts';
import type { Session } from '../../session/session.ts';
import { sessionId } from '../../session/session.ts';
import type { CachedById, NodeSessions } from './node-sessions.ts';

export interface DecidedPodsDeps {
  readonly decisions: Pick<Decisions, 'decide' | 'postpone'>;
  /** Records an Event on the Pod about a denial or an STS failure. */
  readonly warn: (pod: Pod, reason: Reason, message: string) => void;
  /** Under --namespace-policy audit: audits what enforce would refuse. */
  readonly audit: (pod: Pod, reason: Reason, message: string) => void;
  readonly metrics: { decision(reason: Reason | 'Allowed'): void };
}

/** A change of a Pod's decision or state. */
export interface DecidedChange {
  readonly before: DecidedPod | undefined;
  readonly now: DecidedPod;
  /** The session that the node did not need before. */
  readonly added: string | undefined;
}

/** One node's Pods as last sent to its streams, and the Events for their owners. */
export interface DecidedPods {
  /** Decides the Pod; undefined if nothing changes for agents. */
  readonly decide: (pod: Pod, cached: CachedById | undefined) => DecidedChange | undefined;
  /** Makes the Pod pending until its turn comes. */
  readonly postpone: (pod: Pod) => DecidedPod;
  /** False if the Pod is unknown. */
  readonly remove: (pod: Pod) => boolean;
  readonly uids: () => Iterable<string>;
  readonly all: () => DecidedPod[];
  /** Warns the owners of these Pods that their session has failed. */
  readonly warnOf: (
    uids: Iterable<string>,
    failure: { readonly reason: Reason; readonly message: string },
  ) => void;
  readonly clear: () => void;
}

export function createDecidedPods(deps: DecidedPodsDeps, needed: NodeSessions): DecidedPods {
  const { decisions, warn } = deps;
  const decided = new Map<string, DecidedPod>();

  return {
    decide(pod, cached) {
      const before = decided.get(pod.uid);
      const now = decisions.decide(pod);
      if (before !== undefined && isUnchanged(before, now)) return undefined;
      decided.set(pod.uid, now);
      const session = sessionOf(now);
      const former = before && sessionOf(before);
      const added = session && needed.need(pod, session, cached);
      if (former !== undefined && (session === undefined || sessionId(session) !== sessionId(former)))
        needed.release(pod.uid, sessionId(former));
      if (!sameDecision(before, now)) report(now, deps);
      return { before, now, added };
    },
    postpone(pod) {
      const one = decisions.postpone(pod);
      decided.set(pod.uid, one);
      return one;
    },
    remove({ uid }) {
      const former = decided.get(uid);
      if (former === undefined) return false;
      decided.delete(uid);
      const session = sessionOf(former);
      if (session !== undefined) needed.release(uid, sessionId(session));
      return true;
    },
    uids: () => decided.keys(),
    all: () => [...decided.values()],
    warnOf(uids, { reason, message }) {
      if (!reasons[reason].event) return;
      for (const uid of uids) {
        const one = decided.get(uid);
        if (one !== undefined) warn(one.pod, reason, message);
      }
    },
    clear() {
      decided.clear();
    },
  };
}

/** Counts and audits a decision, and warns the Pod's owner of a denial. */
function report({ pod, verdict: { decision } }: DecidedPod, { warn, audit, metrics }: DecidedPodsDeps): void {
  if (decision.kind === 'pending') return;
  metrics.decision(decision.kind === 'deny' ? decision.reason : 'Allowed');
  if (decision.kind === 'allow' && decision.auditWould !== undefined)
    audit(pod, decision.auditWould.reason, decision.auditWould.message);
  if (decision.kind === 'deny' && decision.annotated && reasons[decision.reason].event)
    warn(pod, decision.reason, decision.message);
}

/** Undefined for a Pod whose containers have ended: it needs no credentials. */
function sessionOf({ pod, verdict: { decision } }: DecidedPod): Session | undefined {
  return decision.kind === 'allow' && !pod.ended ? decision.session : undefined;
}

/** Whether nothing needs to be sent. Pods with equal versions are equal. */
function isUnchanged(before: DecidedPod, now: DecidedPod): boolean {
  return isDeepStrictEqual(before.versions, now.versions) && sameVerdict(before, now);
}

/** Whether only the versions differ. */
export function isSameInNewerVersions(before: DecidedPod, now: DecidedPod): boolean {
  return sameVerdict(before, now) && agentsReadSame(before.pod, now.pod);
}

function sameVerdict({ verdict: before }: DecidedPod, { verdict: now }: DecidedPod): boolean {
  return before === now || isDeepStrictEqual(before, now);
}

function sameDecision(before: DecidedPod | undefined, now: DecidedPod): boolean {
  const [a, b] = [before?.verdict.decision, now.verdict.decision];
  if (a?.kind === 'deny' && b.kind === 'deny') return a.reason === b.reason && a.message === b.message;
  return a?.kind === b.kind;
}
