import { reasons } from '@rolegate/protocol';
import type { HeldSessionRead, PodState, Reason } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { Sessions, SessionSnapshot } from '../credentials/sessions.ts';
import type { DecidedPod, Decisions } from '../decisions.ts';
import type { Pod } from '../kubernetes/objects.ts';
import type { PodIndex } from '../kubernetes/pod-index.ts';
import type { Session } from '../session.ts';
import { sessionId } from '../session.ts';
import { podState } from './messages.ts';

/** How long a node's sessions are kept after its last stream: it comes back at once when only the stream broke. */
const LINGER_MS = 60_000;

/** What a stream to one agent is told. */
export interface NodeStream {
  pod(state: PodState): void;
  podRemoved(uid: string, resourceVersion: string): void;
  session(id: string, current: () => SessionSnapshot | undefined): void;
  /** No Pod of the node needs it: the agent has dropped its credentials. */
  sessionRemoved(id: string): void;
}

export interface NodesDeps {
  readonly decisions: Decisions;
  readonly pods: PodIndex;
  readonly sessions: Sessions;
  readonly clock: Clock;
  /** A denial or a failure of STS that the Pod's owner should read in an Event. */
  readonly warn: (pod: Pod, reason: Reason, message: string) => void;
  /** Under --namespace-policy audit: what enforce would refuse. */
  readonly audit: (pod: Pod, reason: Reason, message: string) => void;
  readonly metrics: { decision(reason: Reason | 'Allowed'): void };
}

export interface Nodes {
  /** Sends the node's Pods and sessions to the stream, and from then on what changes; the returned function ends it. */
  join(node: string, stream: NodeStream, held: readonly HeldSessionRead[]): () => void;
  /** Pods of the node have asked for these sessions. Foreign ones are passed over. */
  used(node: string, sessionIds: readonly string[]): void;
  /** The live Pod of the node with this IP, as decided now. */
  resolve(node: string, ip: string): PodState | undefined;
  /** Nodes with a stream. */
  readonly connected: number;
}

/** What the server knows for each node whose agent is connected: its decided Pods, and the sessions that they need. */
export function createNodes(deps: NodesDeps): Nodes {
  const { decisions, pods, sessions, clock } = deps;
  const views = new Map<string, NodeView>();

  decisions.onChange((changed) => {
    for (const pod of changed) views.get(pod.nodeName)?.update(pod);
  });
  pods.onChange((change) => {
    if (change.kind === 'removed') views.get(change.object.nodeName)?.remove(change.object);
  });
  sessions.onChange((id) => {
    for (const view of views.values()) view.sessionChanged(id);
  });

  function viewOf(node: string, held: readonly HeldSessionRead[]): NodeView {
    const known = views.get(node);
    if (known !== undefined) {
      known.claimAgain(held);
      return known;
    }
    const view = createNodeView({ ...deps, node });
    views.set(node, view);
    view.open(pods.onNode(node), held);
    return view;
  }

  function leave(node: string, view: NodeView): void {
    if (view.streams.size > 0) return;
    clock.schedule(LINGER_MS, () => {
      if (view.streams.size > 0 || views.get(node) !== view) return;
      views.delete(node);
      view.close();
    });
  }

  return {
    join(node, stream, held) {
      const view = viewOf(node, held);
      view.streams.add(stream);
      view.snapshot(stream);
      return () => {
        view.streams.delete(stream);
        leave(node, view);
      };
    },
    used(node, sessionIds) {
      for (const id of sessionIds) if (views.get(node)?.needs(id) === true) sessions.used(id);
    },
    resolve(node, ip) {
      const live = pods.byIp(node, ip).filter(({ ended, hostNetwork }) => !ended && !hostNetwork);
      const pod = live.find(({ terminating }) => !terminating) ?? live[0];
      return pod && podState(decisions.decide(pod));
    },
    get connected() {
      return [...views.values()].filter(({ streams }) => streams.size > 0).length;
    },
  };
}

interface NodeView {
  readonly streams: Set<NodeStream>;
  open(pods: Iterable<Pod>, held: readonly HeldSessionRead[]): void;
  /** A new stream of the node: its agent may hold other credentials than the last time, or none. */
  claimAgain(held: readonly HeldSessionRead[]): void;
  snapshot(stream: NodeStream): void;
  update(pod: Pod): void;
  remove(pod: Pod): void;
  sessionChanged(id: string): void;
  needs(sessionId: string): boolean;
  close(): void;
}

type NodeViewDeps = Pick<NodesDeps, 'decisions' | 'sessions' | 'warn' | 'audit' | 'metrics'> & {
  readonly node: string;
};

function createNodeView({ node, decisions, sessions, warn, audit, metrics }: NodeViewDeps): NodeView {
  const streams = new Set<NodeStream>();
  const decided = new Map<string, DecidedPod>();
  /** The sessions that are needed, with the UIDs of the Pods that need them. */
  const users = new Map<string, { readonly session: Session; readonly uids: Set<string> }>();
  let held = new Map<string, HeldSessionRead>();

  function need(uid: string, session: Session): void {
    const id = sessionId(session);
    const known = users.get(id);
    if (known !== undefined) {
      known.uids.add(uid);
      return;
    }
    users.set(id, { session, uids: new Set([uid]) });
    sessions.claim(session, node, held.get(id), decided.get(uid)?.pod.namespace);
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

  function decide(pod: Pod): DecidedPod {
    const before = decided.get(pod.uid);
    const now = decisions.decide(pod);
    decided.set(pod.uid, now);
    const session = sessionOf(now);
    const former = before && sessionOf(before);
    if (session !== undefined) need(pod.uid, session);
    if (former !== undefined && (session === undefined || sessionId(session) !== sessionId(former)))
      needNoMore(pod.uid, sessionId(former));
    if (!sameDecision(before, now)) tellOwner(now);
    return now;
  }

  function tellOwner({ pod, verdict: { decision } }: DecidedPod): void {
    if (decision.kind === 'pending') return;
    metrics.decision(decision.kind === 'deny' ? decision.reason : 'Allowed');
    if (decision.kind === 'allow' && decision.auditWould !== undefined)
      audit(pod, decision.auditWould.reason, decision.auditWould.message);
    if (decision.kind === 'deny' && decision.annotated && reasons[decision.reason].event)
      warn(pod, decision.reason, decision.message);
  }

  return {
    streams,
    needs: (id) => users.has(id),
    open(pods, heldNow) {
      held = new Map(heldNow.map((session) => [session.sessionId, session]));
      for (const pod of pods) decide(pod);
      held = new Map();
    },
    claimAgain(heldNow) {
      const byId = new Map(heldNow.map((session) => [session.sessionId, session]));
      for (const [id, { session }] of users) sessions.claim(session, node, byId.get(id));
    },
    snapshot(stream) {
      const all = [...decided.values()];
      // What is withdrawn goes first: nothing permitted may hold it up.
      for (const one of all) if (one.verdict.decision.kind !== 'allow') stream.pod(podState(one));
      for (const id of users.keys()) stream.session(id, () => sessions.get(id));
      for (const one of all) if (one.verdict.decision.kind === 'allow') stream.pod(podState(one));
    },
    update(pod) {
      const needed = new Set(users.keys());
      const state = podState(decide(pod));
      for (const stream of streams) stream.pod(state);
      // It may be there already, because of another node: then nothing else would tell this one.
      for (const id of users.keys()) if (!needed.has(id)) tellSession(id);
    },
    remove(pod) {
      const former = decided.get(pod.uid);
      if (former === undefined) return;
      decided.delete(pod.uid);
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
      for (const id of users.keys()) sessions.release(id, node);
      users.clear();
      decided.clear();
    },
  };
}

/** A Pod whose containers have ended needs no credentials any more. */
function sessionOf({ pod, verdict: { decision } }: DecidedPod): Session | undefined {
  return decision.kind === 'allow' && !pod.ended ? decision.session : undefined;
}

function sameDecision(before: DecidedPod | undefined, now: DecidedPod): boolean {
  const [a, b] = [before?.verdict.decision, now.verdict.decision];
  if (a?.kind === 'deny' && b.kind === 'deny') return a.reason === b.reason && a.message === b.message;
  return a?.kind === b.kind;
}
