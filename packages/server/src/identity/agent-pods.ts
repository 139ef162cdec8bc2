import { Refusal } from '@rolegate/protocol';
import { createMemory } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import type { ClusterNode, Pod } from '../kubernetes/objects/objects.ts';
import type { PodIndex } from '../kubernetes/objects/pod-index.ts';
import type { Store } from '../kubernetes/objects/store.ts';
import type { ServerMemory } from '../memory/memory.ts';
import { CLIENT_LIFE_MS } from './authority/rotation.ts';

/** The watch may lag: an agent's Pod can be missing for this long. Milliseconds. */
const UNSEEN_FOR_MS = 10_000;
/** The usual lifetime of user-provided certificates (cert-manager's default). Milliseconds. */
const NODE_GONE_MS = 90 * 86_400_000;
/**
 * An agent's Pod is trusted for this long after its deletion, which is longer than agents take to stop. A node can delay the
 * removal of its Pods by a finalizer that it adds through pods/status (kube-apiserver 1.34). Milliseconds.
 */
const LEAVING_FOR_MS = 45_000;
const MOST_GONE_NODES = 10_000;
/** Enough for a roll-out of agents on all nodes of a large cluster. */
const MOST_MISSING_PODS = 5_000;

/** The identity in a token or a certificate of the server's authority. */
export interface AgentIdentity {
  readonly node: string;
  /** Of the agent's Pod. */
  readonly podUid: string;
}

/** Without a Pod, only the node is checked. */
type Named = Pick<AgentIdentity, 'node'> & { readonly podUid?: string | undefined };

export interface AgentPods {
  /** Why an agent must not act for the node; undefined if its Pod is live there. A terminating Pod is live. */
  fault(identity: Named): Refusal | undefined;
  /** Calls when the Pod or the node was changed or deleted; the returned function ends it. */
  watch(identity: Named, call: () => void): () => void;
}

export interface AgentPodsDeps {
  readonly pods: Pick<PodIndex, 'get' | 'onChange'>;
  readonly nodes: Pick<Store<ClusterNode>, 'onChange'>;
  readonly clock: Clock;
  readonly memory?: ServerMemory;
}

/** Checks identities against the agents' Pods and nodes: an identity ends with either. */
export function createAgentPods(deps: AgentPodsDeps): AgentPods {
  const { pods, nodes, clock, memory = createMemory({ clock }) } = deps;
  const ofPods = createWatchers();
  const ofNodes = createWatchers();
  const missing = createMissing(clock, memory);
  const leaving = createLeaving(clock);
  const goneNodes = memory.remember<true>('gone_nodes', { keepMs: NODE_GONE_MS, most: MOST_GONE_NODES });

  pods.onChange(({ kind, object }) => {
    // Only Pods of DaemonSets can have been agents.
    if (kind === 'removed' && object.daemonSet !== '') missing.gone(object);
    if (kind === 'set') missing.seen(object.uid);
    if (kind === 'removed') leaving.gone(object.uid);
    else if (object.daemonSet !== '') leaving.inMs(object);
    ofPods.tell(object.uid);
  });
  nodes.onChange(({ kind, object: { name } }) => {
    goneNodes.delete(name);
    if (kind === 'removed') goneNodes.set(name, true);
    ofNodes.tell(name);
  });

  return {
    fault({ node, podUid }) {
      if (goneNodes.get(node) === true) {
        // Each attempt extends the ban.
        goneNodes.set(node, true);
        return foreign(`node ${node} has been removed from the cluster`);
      }
      if (podUid === undefined) return undefined;
      const pod = pods.get(podUid);
      if (pod === undefined) return missing.fault(podUid, node);
      return podFault(pod, node, leaving.inMs(pod));
    },
    watch({ node, podUid }, call) {
      const ends = [ofNodes.add(node, call)];
      if (podUid !== undefined) ends.push(watchPod(podUid, call, { pods, clock, leaving, ofPods }));
      return () => {
        for (const end of ends) end();
      };
    },
  };
}

/** Why the Pod is not the node's agent; undefined if it is. `leavingInMs`: how long it is still trusted. */
function podFault(pod: Pod, node: string, leavingInMs: number): Refusal | undefined {
  const name = `${pod.namespace}/${pod.name}`;
  if (pod.ended) return foreign(`the agent's Pod ${name} has ended`);
  if (leavingInMs <= 0)
    return foreign(
      `the agent's Pod ${name} was deleted over ${LEAVING_FOR_MS / 1000} s ago and still exists`,
    );
  return pod.nodeName === node
    ? undefined
    : foreign(`the agent's Pod ${name} is on node ${pod.nodeName}, not on ${node}`);
}

interface PodWatchDeps extends Pick<AgentPodsDeps, 'pods' | 'clock'> {
  readonly leaving: ReturnType<typeof createLeaving>;
  readonly ofPods: ReturnType<typeof createWatchers>;
}

/** A deleted Pod that still exists causes no more events, so a timer ends its trust. */
function watchPod(
  podUid: string,
  call: () => void,
  { pods, clock, leaving, ofPods }: PodWatchDeps,
): () => void {
  let cancel: () => void = () => undefined;
  const plan = () => {
    cancel();
    const inMs = leaving.inMs(pods.get(podUid));
    cancel = inMs < Infinity ? clock.schedule(Math.max(0, inMs), call) : () => undefined;
  };
  const end = ofPods.add(podUid, () => {
    plan();
    call();
  });
  plan();
  return () => {
    cancel();
    end();
  };
}

function createWatchers() {
  const watchers = new Map<string, Set<() => void>>();
  return {
    tell(key: string): void {
      // A copy, because a watcher may remove itself.
      for (const call of [...(watchers.get(key) ?? [])]) call();
    },
    add(key: string, watcher: () => void): () => void {
      // Wrapped, because one function can be added twice.
      const call = () => {
        watcher();
      };
      const calls = watchers.get(key) ?? new Set();
      watchers.set(key, calls.add(call));
      return () => {
        calls.delete(call);
        if (calls.size === 0 && watchers.get(key) === calls) watchers.delete(key);
      };
    },
  };
}

function foreign(message: string): Refusal {
  return new Refusal('ForeignNode', message);
}

/** Remembers since when this server has seen a Pod as terminating. */
function createLeaving(clock: Pick<Clock, 'monotonic'>) {
  const sinceMs = new Map<string, number>();

  return {
    gone(podUid: string): void {
      sinceMs.delete(podUid);
    },
    /** How long the Pod is still trusted. Milliseconds; Infinity if it is not terminating. */
    inMs(pod: Pick<Pod, 'uid' | 'terminating'> | undefined): number {
      if (pod?.terminating !== true) return Infinity;
      const nowMs = clock.monotonic();
      const since = sinceMs.get(pod.uid) ?? nowMs;
      sinceMs.set(pod.uid, since);
      return since + LEAVING_FOR_MS - nowMs;
    },
  };
}

/** Remembers since when the Pod that an agent names has been missing. */
function createMissing(clock: Clock, memory: ServerMemory) {
  // No certificate of the authority that names the Pod lives longer.
  const since = memory.remember<number>('missing_agent_pods', {
    keepMs: CLIENT_LIFE_MS,
    most: MOST_MISSING_PODS,
  });

  return {
    seen: (podUid: string) => since.delete(podUid),
    /** The watch saw the Pod's deletion, so there is no need to wait. */
    gone({ uid, namespace }: Pick<Pod, 'uid' | 'namespace'>): void {
      since.set(uid, -Infinity, `Namespace ${namespace}`);
    },
    fault(podUid: string, node: string): Refusal {
      const nowMs = clock.monotonic();
      const sinceMs = since.get(podUid);
      if (sinceMs === undefined) since.set(podUid, nowMs, `Node ${node}`);
      if (nowMs - (sinceMs ?? nowMs) < UNSEEN_FOR_MS) {
        return new Refusal('ServerUnavailable', `this server has not seen the agent's Pod ${podUid} yet`);
      }
      return foreign(`the agent's Pod ${podUid} does not exist any more`);
    },
  };
}
