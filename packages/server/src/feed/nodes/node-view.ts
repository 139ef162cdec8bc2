import type { PodState } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { SessionCredentials, Sessions } from '../../credentials/sessions.ts';
import type { DecidedPod, Decisions } from '../../decisions/decisions.ts';
import type { Pod } from '../../kubernetes/objects/objects.ts';
import { createDecidedPods, isSameInNewerVersions } from './decided-pods.ts';
import type { DecidedPods, DecidedPodsDeps } from './decided-pods.ts';
import { podState } from './messages.ts';
import { createNodeSessions, NOTHING_CACHED } from './node-sessions.ts';
import type { CachedById } from './node-sessions.ts';
import { createOpening } from './opening.ts';
import { createSettling } from './settling.ts';

/** The updates for one agent's stream. */
export interface NodeStream {
  pod(state: PodState): void;
  podRemoved(uid: string, resourceVersion: string): void;
  session(id: string, current: () => SessionCredentials | undefined): void;
  /** No Pod of the node needs the session, so the agent has dropped its credentials. */
  sessionRemoved(id: string): void;
}

export interface NodeView {
  readonly streams: Set<NodeStream>;
  /** Decides the Pods, as many as time allows. */
  open(pods: Iterable<Pod>, cached: CachedById): void;
  /** Decides the remaining Pods and updates the streams, one Pod a step. */
  readonly restOfOpening: () => Iterable<() => void>;
  /** Calls once all Pods have been decided. */
  readonly whenOpened: (call: () => void) => void;
  /** For a new stream of the node: its agent may have cached other credentials than before, or none. */
  readonly claimAgain: (cached: CachedById) => void;
  snapshot(stream: NodeStream): void;
  /** Decides the Pod; true if something changes for agents. */
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

/** One node's decided Pods and the sessions that they need. */
export function createNodeView(deps: NodeViewDeps): NodeView {
  const { node, sessions } = deps;
  const streams = createStreams(sessions);
  const needed = createNodeSessions({ node, sessions, gone: streams.sessionRemoved });
  const pods = createDecidedPods(deps, needed);
  const { opening, settling, update, remove } = createPodUpdates(deps, { streams, pods });
  /** The view was just opened, so all decisions are of the newest versions. */
  let opened = false;

  return {
    streams: streams.all,
    needs: needed.has,
    open(podsOfNode, cached) {
      opened = true;
      opening.begin(podsOfNode, cached);
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

/** Decides Pods in their turns and updates the streams: when the view opens, and whenever a Pod may have changed. */
function createPodUpdates({ decisions, clock }: NodeViewDeps, { streams, pods }: PodUpdateParts) {
  const settling = createSettling(clock, decisions.look);
  const opening = createOpening({ clock, decide: pods.decide, tell: update, postpone });

  function update(pod: Pod): boolean {
    const looked = settling.looked(pod.uid);
    opening.leave(pod.uid);
    // Without a stream, the agent is connected to another replica, which issues its sessions: nothing is claimed here.
    const cached = opening.cached() ?? (streams.all.size > 0 ? NOTHING_CACHED : undefined);
    const changed = pods.decide(pod, cached);
    if (changed === undefined) return false;
    const { before, now, added } = changed;
    const repeated = looked && before !== undefined && isSameInNewerVersions(before, now);
    if (streams.all.size > 0 && !repeated) settling.sent(pod.uid);
    streams.pod(now);
    // If another node already needs the session, no change of it would reach this node's streams.
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

/** All streams of a node; all get the same updates. */
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

/** Denials are sent first, so that no permit delays a withdrawal. */
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

/** A snapshot has the newest versions, so that the agent does not drop it as older than what it has seen. */
function newest(one: DecidedPod, { node, decisions }: Pick<NodeViewDeps, 'node' | 'decisions'>): DecidedPod {
  const now = decisions.recall(one.pod.uid);
  return now?.verdict === one.verdict && now.pod.nodeName === node ? now : one;
}
