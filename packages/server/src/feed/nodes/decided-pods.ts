import { isDeepStrictEqual } from 'node:util';
import { reasons } from '@rolegate/protocol';
import type { Reason } from '@rolegate/protocol';
import type { DecidedPod, Decisions } from '../../decisions/decisions.ts';
import { agentsReadSame } from '../../decisions/inputs.ts';
import type { Pod } from '../../kubernetes/objects/objects.ts';
import type { Session } from '../../session/session.ts';
import { sessionId } from '../../session/session.ts';
import type { HeldById, NodeSessions } from './node-sessions.ts';

export interface DecidedPodsDeps {
  readonly decisions: Pick<Decisions, 'decide' | 'postpone'>;
  /** A denial or a failure of STS that the Pod's owner should read in an Event. */
  readonly warn: (pod: Pod, reason: Reason, message: string) => void;
  /** Under --namespace-policy audit: what enforce would refuse. */
  readonly audit: (pod: Pod, reason: Reason, message: string) => void;
  readonly metrics: { decision(reason: Reason | 'Allowed'): void };
}

/** What has changed of a Pod. */
export interface DecidedChange {
  readonly before: DecidedPod | undefined;
  readonly now: DecidedPod;
  /** The session that the node needs from now on. */
  readonly added: string | undefined;
}

/** One node's Pods as its streams were told last, and what their owners are told. */
export interface DecidedPods {
  /** Decides the Pod; undefined if agents are told the same. */
  readonly decide: (pod: Pod, held: HeldById | undefined) => DecidedChange | undefined;
  /** Pending until its turn comes. */
  readonly postpone: (pod: Pod) => DecidedPod;
  /** False: it is none of them. */
  readonly remove: (pod: Pod) => boolean;
  readonly uids: () => Iterable<string>;
  readonly all: () => DecidedPod[];
  /** A session of these Pods has failed. */
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
    decide(pod, held) {
      const before = decided.get(pod.uid);
      const now = decisions.decide(pod);
      if (before !== undefined && saysSame(before, now)) return undefined;
      decided.set(pod.uid, now);
      const session = sessionOf(now);
      const former = before && sessionOf(before);
      const added = session && needed.need(pod, session, held);
      if (former !== undefined && (session === undefined || sessionId(session) !== sessionId(former)))
        needed.needNoMore(pod.uid, sessionId(former));
      if (!sameDecision(before, now)) tellOwner(now, deps);
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
      if (session !== undefined) needed.needNoMore(uid, sessionId(session));
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

function tellOwner(
  { pod, verdict: { decision } }: DecidedPod,
  { warn, audit, metrics }: DecidedPodsDeps,
): void {
  if (decision.kind === 'pending') return;
  metrics.decision(decision.kind === 'deny' ? decision.reason : 'Allowed');
  if (decision.kind === 'allow' && decision.auditWould !== undefined)
    audit(pod, decision.auditWould.reason, decision.auditWould.message);
  if (decision.kind === 'deny' && decision.annotated && reasons[decision.reason].event)
    warn(pod, decision.reason, decision.message);
}

/** A Pod whose containers have ended needs no credentials any more. */
function sessionOf({ pod, verdict: { decision } }: DecidedPod): Session | undefined {
  return decision.kind === 'allow' && !pod.ended ? decision.session : undefined;
}

/** Whether agents are told the same: then nothing is sent. The same version of a Pod is the same Pod. */
function saysSame(before: DecidedPod, now: DecidedPod): boolean {
  return isDeepStrictEqual(before.versions, now.versions) && sameVerdict(before, now);
}

/** The same in newer versions. */
export function isSameNews(before: DecidedPod, now: DecidedPod): boolean {
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
