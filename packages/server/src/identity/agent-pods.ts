import { Refusal } from '@rolegate/protocol';
import { createMemory } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import type { ClusterNode, Pod } from '../kubernetes/objects/objects.ts';
import type { PodIndex } from '../kubernetes/objects/pod-index.ts';
import type { Store } from '../kubernetes/objects/store.ts';
import type { ServerMemory } from '../memory/memory.ts';
import { CLIENT_LIFE_MS } from './authority/rotation.ts';

/** The watch lags behind what an agent already knows: a Pod may seem missing for this long. Milliseconds. */
const UNSEEN_FOR_MS = 10_000;
/** As long as user-provided certificates usually live (cert-manager's default). Milliseconds. */
const NODE_GONE_MS = 90 * 86_400_000;
/**
 * An agent's Pod is deleted for as long as this and still there: longer than agents take to end. A node can keep its Pods from
 * going, by a finalizer that it adds through pods/status (kube-apiserver 1.34). Milliseconds.
 */
const LEAVING_FOR_MS = 45_000;
const MOST_GONE_NODES = 10_000;
/** Of agents that are rolled out again on all nodes of a large cluster. */
const MOST_MISSING_PODS = 5_000;

/** Whom a token or a certificate of our authority names. */
export interface AgentIdentity {
  readonly node: string;
  /** Of the agent's Pod. */
  readonly podUid: string;
}

/** Where an identity is proven without a Pod, its node alone is looked at. */
type Named = Pick<AgentIdentity, 'node'> & { readonly podUid?: string | undefined };

export interface AgentPods {
  /** Why an agent may not act for the node; undefined: its Pod is alive there. Terminating Pods are. */
  fault(identity: Named): Refusal | undefined;
  /** Calls when the Pod or the node has changed or gone; the returned function ends it. */
  watch(identity: Named, call: () => void): () => void;
}

export interface AgentPodsDeps {
  readonly pods: Pick<PodIndex, 'get' | 'onChange'>;
  readonly nodes: Pick<Store<ClusterNode>, 'onChange'>;
  readonly clock: Clock;
  readonly memory?: ServerMemory;
}

/** Checks identities against the Pods in which agents run and against their nodes: none outlives either. */
export function createAgentPods(deps: AgentPodsDeps): AgentPods {
  const { pods, nodes, clock, memory = createMemory({ clock }) } = deps;
  const ofPods = createWatchers();
  const ofNodes = createWatchers();
  const missing = createMissing(clock, memory);
  const leaving = createLeaving(clock);
  const goneNodes = memory.remember<true>('gone_nodes', { keepMs: NODE_GONE_MS, most: MOST_GONE_NODES });

  pods.onChange(({ kind, object }) => {
    // Of the many Pods that come and go, those of DaemonSets may have been agents.
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
        // Whoever keeps trying stays out.
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

/** Why the Pod is not the node's agent, if so. `leavingInMs`: until it counts as gone. */
function podFault(pod: Pod, node: string, leavingInMs: number): Refusal | undefined {
  const name = `${pod.namespace}/${pod.name}`;
  if (pod.ended) return foreign(`the agent's Pod ${name} has ended`);
  if (leavingInMs <= 0)
    return foreign(
      `the agent's Pod ${name} was deleted over ${LEAVING_FOR_MS / 1000} s ago, and something keeps it`,
    );
  return pod.nodeName === node
    ? undefined
    : foreign(`the agent's Pod ${name} is on node ${pod.nodeName}, not on ${node}`);
}

interface PodWatchDeps extends Pick<AgentPodsDeps, 'pods' | 'clock'> {
  readonly leaving: ReturnType<typeof createLeaving>;
  readonly ofPods: ReturnType<typeof createWatchers>;
}

/** A Pod that is deleted and stays tells nothing any more: its time is looked at. */
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
      // A copy: who is told may leave.
      for (const call of [...(watchers.get(key) ?? [])]) call();
    },
    add(key: string, watcher: () => void): () => void {
      // Of its own: one function may watch twice.
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

/** Which Pods are being deleted, and since when this server has seen it. */
function createLeaving(clock: Pick<Clock, 'monotonic'>) {
  const sinceMs = new Map<string, number>();

  return {
    gone(podUid: string): void {
      sinceMs.delete(podUid);
    },
    /** Until the Pod is no agent's any more. Milliseconds; Infinity: it is not being deleted. */
    inMs(pod: Pick<Pod, 'uid' | 'terminating'> | undefined): number {
      if (pod?.terminating !== true) return Infinity;
      const nowMs = clock.monotonic();
      const since = sinceMs.get(pod.uid) ?? nowMs;
      sinceMs.set(pod.uid, since);
      return since + LEAVING_FOR_MS - nowMs;
    },
  };
}

/** Since when a Pod has been missing that an agent says it runs in. */
function createMissing(clock: Clock, memory: ServerMemory) {
  // No certificate of our authority that names the Pod lives longer.
  const since = memory.remember<number>('missing_agent_pods', {
    keepMs: CLIENT_LIFE_MS,
    most: MOST_MISSING_PODS,
  });

  return {
    seen: (podUid: string) => since.delete(podUid),
    /** What the watch saw go needs no waiting for. */
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
      return foreign(`the agent's Pod ${podUid} is not there any more`);
    },
  };
}
