import { isDeepStrictEqual } from 'node:util';
import { reasons } from '@rolegate/protocol';
import type { HeldSessionRead, PodState, Reason } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { Sessions, SessionCredentials } from '../credentials/sessions.ts';
import type { DecidedPod, Decisions } from '../decisions/decisions.ts';
import { podToldSame } from '../decisions/inputs.ts';
import type { Pod } from '../kubernetes/objects.ts';
import type { Session } from '../session/session.ts';
import { sessionId } from '../session/session.ts';
import { podState } from './messages.ts';
import { createOpening } from './opening.ts';
import type { HeldById } from './opening.ts';
import { createSettling } from './settling.ts';

const NOTHING_HELD: HeldById = new Map();

/** What a stream to one agent is told. */
export interface NodeStream {
  pod(state: PodState): void;
  podRemoved(uid: string, resourceVersion: string): void;
  session(id: string, current: () => SessionCredentials | undefined): void;
  /** No Pod of the node needs it: the agent has dropped its credentials. */
  sessionRemoved(id: string): void;
}

export interface NodeView {
  readonly streams: Set<NodeStream>;
  /** Decides what can be decided at once. */
  open(pods: Iterable<Pod>, held: readonly HeldSessionRead[]): void;
  /** Decides the rest and tells the streams, a Pod a step. */
  readonly restOfOpening: () => Iterable<() => void>;
  /** Calls when all Pods have been decided. */
  readonly whenOpened: (call: () => void) => void;
  /** A new stream of the node: its agent may hold other credentials than the last time, or none. */
  claimAgain(held: readonly HeldSessionRead[]): void;
  snapshot(stream: NodeStream): void;
  /** Whether the streams, if there are any, are told something. */
  update(pod: Pod): boolean;
  remove(pod: Pod): void;
  sessionChanged(id: string): void;
  needs(sessionId: string): boolean;
  close(): void;
}

export interface NodeViewDeps {
  readonly node: string;
  readonly decisions: Pick<Decisions, 'decide' | 'postpone' | 'recall' | 'look'>;
  readonly clock: Clock;
  readonly sessions: Sessions;
  /** A denial or a failure of STS that the Pod's owner should read in an Event. */
  readonly warn: (pod: Pod, reason: Reason, message: string) => void;
  /** Under --namespace-policy audit: what enforce would refuse. */
  readonly audit: (pod: Pod, reason: Reason, message: string) => void;
  readonly metrics: { decision(reason: Reason | 'Allowed'): void };
}

/** One node's Pods as decided, and the sessions that they need. */
export function createNodeView(deps: NodeViewDeps): NodeView {
  const { node, decisions, sessions, clock, warn, audit, metrics } = deps;
  const streams = new Set<NodeStream>();
  /** As the streams were told last. */
  const decided = new Map<string, DecidedPod>();
  /** Just now: what is decided is of the newest versions. */
  let opened = false;
  const settling = createSettling(clock, decisions.look);
  const opening = createOpening({ clock, decide, tell: update, postpone });
  /** The sessions that are needed, with the UIDs of the Pods that need them, and the Namespace of the first. */
  const users = new Map<string, { session: Session; namespace: string; uids: Set<string> }>();

  /** The session's ID where no Pod of the node has needed it before. */
  function need({ uid, namespace }: Pod, session: Session, held: HeldById | undefined): string | undefined {
    const id = sessionId(session);
    const known = users.get(id);
    if (known !== undefined) {
      known.uids.add(uid);
      if (namespace !== known.namespace) sessions.wantedBy(id, namespace);
      return undefined;
    }
    users.set(id, { session, namespace, uids: new Set([uid]) });
    if (held !== undefined) sessions.claim(session, node, held.get(id), namespace);
    return id;
  }

  function needNoMore(uid: string, id: string): void {
    const known = users.get(id);
    if (known?.uids.delete(uid) !== true || known.uids.size > 0) return;
    users.delete(id);
    sessions.release(id, node);
    for (const stream of streams) stream.sessionRemoved(id);
  }

  function tellSession(id: string): void {
    for (const stream of streams) stream.session(id, () => sessions.get(id));
  }

  /** Takes the Pod's decision into account; `added`: the session that the node needs from now on. */
  function decide(
    pod: Pod,
    held: HeldById | undefined,
  ): { now: DecidedPod; added: string | undefined } | undefined {
    const before = decided.get(pod.uid);
    const now = decisions.decide(pod);
    if (before !== undefined && saysSame(before, now)) return undefined;
    decided.set(pod.uid, now);
    const session = sessionOf(now);
    const former = before && sessionOf(before);
    const added = session && need(pod, session, held);
    if (former !== undefined && (session === undefined || sessionId(session) !== sessionId(former)))
      needNoMore(pod.uid, sessionId(former));
    if (!sameDecision(before, now)) tellOwner(now);
    return { now, added };
  }

  function tellOwner({ pod, verdict: { decision } }: DecidedPod): void {
    if (decision.kind === 'pending') return;
    metrics.decision(decision.kind === 'deny' ? decision.reason : 'Allowed');
    if (decision.kind === 'allow' && decision.auditWould !== undefined)
      audit(pod, decision.auditWould.reason, decision.auditWould.message);
    if (decision.kind === 'deny' && decision.annotated && reasons[decision.reason].event)
      warn(pod, decision.reason, decision.message);
  }

  /** A snapshot names the newest versions, so that the agent does not take it for an older state than it has seen. */
  function newest(one: DecidedPod): DecidedPod {
    const now = decisions.recall(one.pod.uid);
    return now?.verdict === one.verdict && now.pod.nodeName === node ? now : one;
  }

  function update(pod: Pod): boolean {
    // Without a stream the agent is another replica's, which has the session issued: it is claimed when a stream is back.
    const before = decided.get(pod.uid);
    const looked = settling.looked(pod.uid);
    opening.leave(pod.uid);
    const changed = decide(pod, opening.held() ?? (streams.size > 0 ? NOTHING_HELD : undefined));
    if (changed === undefined) return false;
    const { now, added } = changed;
    const state = podState(now);
    const repeated = looked && before !== undefined && isSameNews(before, now);
    if (streams.size > 0 && !repeated) settling.told(pod.uid);
    for (const stream of streams) stream.pod(state);
    // It may be there already, because of another node: then nothing else would tell this one.
    if (added !== undefined) tellSession(added);
    return true;
  }

  function postpone(pod: Pod): void {
    const one = decisions.postpone(pod);
    decided.set(pod.uid, one);
    for (const stream of streams) stream.pod(podState(one));
    decisions.look(pod.uid);
  }

  return {
    streams,
    needs: (id) => users.has(id),
    open(pods, held) {
      opened = true;
      opening.begin(pods, byId(held));
    },
    restOfOpening: opening.steps,
    whenOpened: opening.whenOver,
    claimAgain(held) {
      const heldById = byId(held);
      for (const [id, { session, namespace }] of users)
        sessions.claim(session, node, heldById.get(id), namespace);
    },
    snapshot(stream) {
      for (const uid of decided.keys()) settling.told(uid);
      const all = opened ? [...decided.values()] : [...decided.values()].map(newest);
      opened = false;
      // What is withdrawn goes first: nothing permitted may hold it up.
      for (const one of all) if (one.verdict.decision.kind !== 'allow') stream.pod(podState(one));
      for (const id of users.keys()) stream.session(id, () => sessions.get(id));
      for (const one of all) if (one.verdict.decision.kind === 'allow') stream.pod(podState(one));
    },
    update,
    remove(pod) {
      opening.leave(pod.uid);
      const former = decided.get(pod.uid);
      if (former === undefined) return;
      decided.delete(pod.uid);
      settling.forget(pod.uid);
      const session = sessionOf(former);
      if (session !== undefined) needNoMore(pod.uid, sessionId(session));
      for (const stream of streams) stream.podRemoved(pod.uid, pod.resourceVersion);
    },
    sessionChanged(id) {
      const known = users.get(id);
      if (known === undefined) return;
      tellSession(id);
      const failure = sessions.get(id)?.failure;
      if (failure === undefined || !reasons[failure.reason].event) return;
      for (const uid of known.uids) {
        const one = decided.get(uid);
        if (one !== undefined) warn(one.pod, failure.reason, failure.message);
      }
    },
    close() {
      settling.end();
      for (const id of users.keys()) sessions.release(id, node);
      users.clear();
      decided.clear();
    },
  };
}

function byId(held: readonly HeldSessionRead[]): HeldById {
  return new Map(held.map((session) => [session.sessionId, session]));
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
function isSameNews(before: DecidedPod, now: DecidedPod): boolean {
  return sameVerdict(before, now) && podToldSame(before.pod, now.pod);
}

function sameVerdict({ verdict: before }: DecidedPod, { verdict: now }: DecidedPod): boolean {
  return before === now || isDeepStrictEqual(before, now);
}

function sameDecision(before: DecidedPod | undefined, now: DecidedPod): boolean {
  const [a, b] = [before?.verdict.decision, now.verdict.decision];
  if (a?.kind === 'deny' && b.kind === 'deny') return a.reason === b.reason && a.message === b.message;
  return a?.kind === b.kind;
}
