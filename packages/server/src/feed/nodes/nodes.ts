import type { HeldSessionRead, PodState } from '@rolegate/protocol';
import { createMemory } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import type { Decisions } from '../../decisions/decisions.ts';
import { createTurns } from '../../decisions/turns.ts';
import type { Pod } from '../../kubernetes/objects/objects.ts';
import type { PodIndex } from '../../kubernetes/objects/pod-index.ts';
import type { ServerMemory } from '../../memory/memory.ts';
import { podState } from './messages.ts';
import { cachedById } from './node-sessions.ts';
import type { CachedById } from './node-sessions.ts';
import { createNodeView } from './node-view.ts';
import type { NodeStream, NodeView, NodeViewDeps } from './node-view.ts';

/** How long a node's sessions are kept after its last stream ended, because the agent may reconnect. Milliseconds. */
const LINGER_MS = 60_000;
/** Longer than any session: no agent has credentials that were issued before. Milliseconds. */
const CHANGES_KNOWN_MS = 13 * 3_600_000;
/** More nodes than a cluster has; Pods can name nodes that do not exist. */
const MOST_CHANGES = 6_000;

export interface NodesDeps extends Omit<NodeViewDeps, 'node' | 'decisions'> {
  readonly decisions: Decisions;
  readonly pods: PodIndex;
  readonly clock: Clock;
  /** Called if a Pod has changed its node, which the API server never allows. */
  readonly moved?: (pod: Pod, from: string) => void;
  /** Calls after the event loop has polled its sockets. */
  readonly defer?: (call: () => void) => void;
  readonly memory?: ServerMemory;
}

export interface Nodes {
  /**
   * Sends the node's Pods and sessions to the stream when its turn comes, calls `synced`, and then sends changes. The
   * returned function ends it.
   */
  join(node: string, stream: NodeStream, cached: readonly HeldSessionRead[], synced?: () => void): () => void;
  /** Pods of the node have used these sessions. Those of other nodes are ignored. */
  used(node: string, sessionIds: readonly string[]): void;
  /** Whether a Pod of the node needs the session. */
  needs(node: string, sessionId: string): boolean;
  /** The live Pod of the node with this IP, with its current decision. */
  resolve(node: string, ip: string): PodState | undefined;
  /** Those of the sessions that only other nodes need. */
  foreignTo(node: string, sessionIds: readonly string[]): string[];
  /** Since the last change of a Pod of the node or its decision; less if that was forgotten. Milliseconds. */
  unchangedForMs(node: string): number;
  /** Decides the node's Pods again if its agent is connected, because something else has changed that decisions read. */
  readonly reconsider: (node: string) => void;
  /** The number of nodes with a stream. */
  readonly connected: number;
}

/** The decided Pods of each node whose agent is connected, and the sessions that they need. */
export function createNodes(deps: NodesDeps): Nodes {
  const { decisions, pods, sessions, clock } = deps;
  const { defer = setImmediate, memory = createMemory({ clock }) } = deps;
  const changes = createNodeChanges(clock, memory);
  /** Joins take turns: after a restart all agents connect together. */
  const joins = createTurns<() => void>({
    defer,
    now: () => clock.monotonic(),
    run(join) {
      join();
    },
  });
  const views = createViews(deps, (node, view) => {
    joins.mark(node, 'rest', view.restOfOpening);
  });
  let joined = 0;
  followDecisions(deps, { views, changes });

  function needs(node: string, sessionId: string): boolean {
    return views.get(node)?.needs(sessionId) === true;
  }

  return {
    join(node, stream, cached, synced = () => undefined) {
      let view: NodeView | undefined;
      let over = false;
      const join = () => {
        if (over) return;
        view = views.enter(node, stream, cached);
        view.snapshot(stream);
        view.whenOpened(() => {
          if (!over) synced();
        });
      };
      joins.mark(node, String((joined += 1)), () => [join]);
      return () => {
        over = true;
        if (view !== undefined) views.leave(node, stream, view);
      };
    },
    used(node, sessionIds) {
      for (const id of sessionIds) if (needs(node, id)) sessions.used(id);
    },
    needs,
    resolve(node, ip) {
      const pod = livePod(pods.byIp(node, ip));
      return pod && podState(decisions.decide(pod));
    },
    foreignTo(node, sessionIds) {
      // A session that is claimed, but not by this node, is claimed by another.
      return sessionIds.filter((id) => !needs(node, id) && sessions.get(id) !== undefined);
    },
    unchangedForMs: (node) => clock.monotonic() - changes.lastMs(node),
    reconsider(node) {
      // For a node without a view, nothing was decided that could change.
      if (views.get(node) === undefined) return;
      for (const { uid } of pods.onNode(node)) decisions.look(uid);
    },
    get connected() {
      return views.connected();
    },
  };
}

type Views = ReturnType<typeof createViews>;

/** The nodes' views. A view exists from the first stream of its node until some time after the last. */
function createViews(deps: NodesDeps, opened: (node: string, view: NodeView) => void) {
  const { pods, clock } = deps;
  const views = new Map<string, NodeView>();

  function viewOf(node: string, cached: CachedById): NodeView {
    const known = views.get(node);
    if (known !== undefined) {
      known.claimAgain(cached);
      return known;
    }
    const view = createNodeView({ ...deps, node });
    views.set(node, view);
    view.open(pods.onNode(node), cached);
    opened(node, view);
    return view;
  }

  return {
    get: (node: string) => views.get(node),
    all: () => views.values(),
    connected: () => [...views.values()].filter(({ streams }) => streams.size > 0).length,
    enter: (node: string, stream: NodeStream, cached: readonly HeldSessionRead[]): NodeView => {
      const view = viewOf(node, cachedById(cached));
      view.streams.add(stream);
      return view;
    },
    leave: (node: string, stream: NodeStream, view: NodeView): void => {
      view.streams.delete(stream);
      if (view.streams.size > 0) return;
      clock.schedule(LINGER_MS, () => {
        if (view.streams.size > 0 || views.get(node) !== view) return;
        views.delete(node);
        view.close();
      });
    },
  };
}

/** Updates the view of the node that a change affects. */
function followDecisions(
  { decisions, pods, sessions, moved = () => undefined }: NodesDeps,
  { views, changes }: { readonly views: Views; readonly changes: NodeChanges },
): void {
  decisions.onChange((changed) => {
    for (const pod of changed) {
      const isChange = views.get(pod.nodeName)?.update(pod) ?? true;
      if (isChange) changes.note(pod.nodeName, pod);
    }
  });
  pods.onChange((change) => {
    const { object } = change;
    const from = change.kind === 'removed' ? object.nodeName : change.previous?.nodeName;
    if (from === undefined || from === '' || (change.kind === 'set' && from === object.nodeName)) return;
    changes.note(from, object);
    views.get(from)?.remove(object);
    if (change.kind === 'set') moved(object, from);
  });
  sessions.onChange((id) => {
    for (const view of views.all()) view.sessionChanged(id);
  });
}

/** The Pod that owns the address, of several with the same one. */
function livePod(pods: readonly Pod[]): Pod | undefined {
  const live = pods.filter(({ ended, hostNetwork }) => !ended && !hostNetwork);
  return live.find(({ terminating }) => !terminating) ?? live[0];
}

type NodeChanges = ReturnType<typeof createNodeChanges>;

/** Remembers when something last changed on a node. */
function createNodeChanges(clock: Clock, memory: ServerMemory) {
  /** The latest change that was evicted. */
  let forgottenMs = -Infinity;
  const changedMs = memory.remember<number>('changed_nodes', {
    keepMs: CHANGES_KNOWN_MS,
    most: MOST_CHANGES,
    dropped: (_, atMs, why) => {
      if (why === 'room') forgottenMs = Math.max(forgottenMs, atMs);
    },
  });
  return {
    note(node: string, { namespace }: Pod): void {
      if (node !== '') changedMs.set(node, clock.monotonic(), namespace);
    },
    /** If the change was evicted, the latest possible time, so that no honest agent is accused. */
    lastMs: (node: string): number => changedMs.get(node) ?? forgottenMs,
  };
}
