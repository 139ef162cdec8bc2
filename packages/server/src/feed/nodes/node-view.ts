import type { PodState } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { SessionCredentials, Sessions } from '../../credentials/sessions.ts';
import type { DecidedPod, Decisions } from '../../decisions/decisions.ts';
import type { Pod } from '../../kubernetes/objects/objects.ts';
import { createDecidedPods, isSameNews } from './decided-pods.ts';
import type { DecidedPods, DecidedPodsDeps } from './decided-pods.ts';
import { podState } from './messages.ts';
import { createNodeSessions, NOTHING_HELD } from './node-sessions.ts';
import type { HeldById } from './node-sessions.ts';
import { createOpening } from './opening.ts';
import { createSettling } from './settling.ts';

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
  open(pods: Iterable<Pod>, held: HeldById): void;
  /** Decides the rest and tells the streams, a Pod a step. */
  readonly restOfOpening: () => Iterable<() => void>;
  /** Calls when all Pods have been decided. */
  readonly whenOpened: (call: () => void) => void;
  /** A new stream of the node: its agent may hold other credentials than the last time, or none. */
  readonly claimAgain: (held: HeldById) => void;
  snapshot(stream: NodeStream): void;
  /** Whether the streams, if there are any, are told something. */
  readonly update: (pod: Pod) => boolean;
  readonly remove: (pod: Pod) => void;
  sessionChanged(id: string): void;
  readonly needs: (sessionId: string) => boolean;
  close(): void;
}

export interface NodeViewDeps extends DecidedPodsDeps {
  readonly node: string;
  readonly decisions: Pick<Decisions, 'decide' | 'postpone' | 'recall' | 'look'>;
  readonly clock: Clock;
  readonly sessions: Sessions;
}

/** One node's Pods as decided, and the sessions that they need. */
export function createNodeView(deps: NodeViewDeps): NodeView {
  const { node, sessions } = deps;
  const streams = createStreams(sessions);
  const needed = createNodeSessions({ node, sessions, gone: streams.sessionRemoved });
  const pods = createDecidedPods(deps, needed);
  const { opening, settling, update, remove } = createPodUpdates(deps, { streams, pods });
  /** Just now: what is decided is of the newest versions. */
  let opened = false;

  return {
    streams: streams.all,
    needs: needed.has,
    open(podsOfNode, held) {
      opened = true;
      opening.begin(podsOfNode, held);
    },
    restOfOpening: opening.steps,
    whenOpened: opening.whenOver,
    claimAgain: needed.claimAgain,
    snapshot(stream) {
      for (const uid of pods.uids()) settling.sent(uid);
      const all = opened ? pods.all() : pods.all().map((one) => newest(one, deps));
      opened = false;
      sendSnapshot(stream, { pods: all, sessionIds: needed.ids(), sessions });
    },
    update,
    remove,
    sessionChanged(id) {
      const uids = needed.podsOf(id);
      if (uids === undefined) return;
      streams.session(id);
      const failure = sessions.get(id)?.failure;
      if (failure !== undefined) pods.warnOf(uids, failure);
    },
    close() {
      settling.end();
      needed.close();
      pods.clear();
    },
  };
}

interface PodUpdateParts {
  readonly streams: ReturnType<typeof createStreams>;
  readonly pods: DecidedPods;
}

/** Decides Pods as their turns come, and tells the streams: at the opening of the view, and whenever one may have changed. */
function createPodUpdates({ decisions, clock }: NodeViewDeps, { streams, pods }: PodUpdateParts) {
  const settling = createSettling(clock, decisions.look);
  const opening = createOpening({ clock, decide: pods.decide, tell: update, postpone });

  function update(pod: Pod): boolean {
    const looked = settling.looked(pod.uid);
    opening.leave(pod.uid);
    // Without a stream the agent is another replica's, which has the session issued: it is claimed when a stream is back.
    const held = opening.held() ?? (streams.all.size > 0 ? NOTHING_HELD : undefined);
    const changed = pods.decide(pod, held);
    if (changed === undefined) return false;
    const { before, now, added } = changed;
    const repeated = looked && before !== undefined && isSameNews(before, now);
    if (streams.all.size > 0 && !repeated) settling.sent(pod.uid);
    streams.pod(now);
    // It may be there already, because of another node: then nothing else would tell this one.
    if (added !== undefined) streams.session(added);
    return true;
  }

  function postpone(pod: Pod): void {
    streams.pod(pods.postpone(pod));
    decisions.look(pod.uid);
  }

  function remove(pod: Pod): void {
    opening.leave(pod.uid);
    if (!pods.remove(pod)) return;
    settling.forget(pod.uid);
    streams.podRemoved(pod);
  }

  return { opening, settling, update, remove };
}

/** All streams of a node: each is told the same. */
function createStreams(sessions: Pick<Sessions, 'get'>) {
  const all = new Set<NodeStream>();
  return {
    all,
    pod: (one: DecidedPod): void => {
      const state = podState(one);
      for (const stream of all) stream.pod(state);
    },
    podRemoved: ({ uid, resourceVersion }: Pod): void => {
      for (const stream of all) stream.podRemoved(uid, resourceVersion);
    },
    session: (id: string): void => {
      for (const stream of all) stream.session(id, () => sessions.get(id));
    },
    sessionRemoved: (id: string): void => {
      for (const stream of all) stream.sessionRemoved(id);
    },
  };
}

/** What is withdrawn goes first: nothing permitted may hold it up. */
function sendSnapshot(
  stream: NodeStream,
  {
    pods,
    sessionIds,
    sessions,
  }: {
    readonly pods: readonly DecidedPod[];
    readonly sessionIds: Iterable<string>;
    readonly sessions: Pick<Sessions, 'get'>;
  },
): void {
  const isAllowed = ({ verdict }: DecidedPod) => verdict.decision.kind === 'allow';
  for (const one of pods) if (!isAllowed(one)) stream.pod(podState(one));
  for (const id of sessionIds) stream.session(id, () => sessions.get(id));
  for (const one of pods) if (isAllowed(one)) stream.pod(podState(one));
}

/** A snapshot names the newest versions, so that the agent does not take it for an older state than it has seen. */
function newest(one: DecidedPod, { node, decisions }: Pick<NodeViewDeps, 'node' | 'decisions'>): DecidedPod {
  const now = decisions.recall(one.pod.uid);
  return now?.verdict === one.verdict && now.pod.nodeName === node ? now : one;
}
