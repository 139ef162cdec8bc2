import { Refusal } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { ClusterNode } from '../kubernetes/objects.ts';
import type { PodIndex } from '../kubernetes/pod-index.ts';
import type { Store } from '../kubernetes/store.ts';

/** The watch lags behind what an agent already knows: so long a Pod may be missing and yet be there. Milliseconds. */
const UNSEEN_FOR_MS = 10_000;
/** So many that are gone are remembered; then the first is forgotten. */
const MOST_GONE = 10_000;

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
}

/** Holds identities against the Pods in which agents run, and their nodes: who outlives either is none. */
export function createAgentPods({ pods, nodes, clock }: AgentPodsDeps): AgentPods {
  const ofPods = createWatchers();
  const ofNodes = createWatchers();
  const missing = createMissing(clock);
  const goneNodes = new Set<string>();

  pods.onChange(({ kind, object }) => {
    // Of the many Pods that come and go, those of DaemonSets may have been agents.
    if (kind === 'removed' && object.daemonSet !== '') missing.gone(object.uid);
    if (kind === 'set') missing.seen(object.uid);
    ofPods.tell(object.uid);
  });
  nodes.onChange(({ kind, object: { name } }) => {
    goneNodes.delete(name);
    if (kind === 'removed') remember(goneNodes, name);
    ofNodes.tell(name);
  });

  return {
    fault({ node, podUid }) {
      if (goneNodes.has(node)) return foreign(`node ${node} has been removed from the cluster`);
      if (podUid === undefined) return undefined;
      const pod = pods.get(podUid);
      if (pod === undefined) return missing.fault(podUid);
      const name = `${pod.namespace}/${pod.name}`;
      if (pod.ended) return foreign(`the agent's Pod ${name} has ended`);
      return pod.nodeName === node
        ? undefined
        : foreign(`the agent's Pod ${name} is on node ${pod.nodeName}, not on ${node}`);
    },
    watch({ node, podUid }, call) {
      const ends = [ofNodes.add(node, call), ...(podUid === undefined ? [] : [ofPods.add(podUid, call)])];
      return () => {
        for (const end of ends) end();
      };
    },
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

function remember(gone: Set<string>, name: string): void {
  const [first] = gone;
  if (gone.size >= MOST_GONE && first !== undefined) gone.delete(first);
  gone.add(name);
}

function foreign(message: string): Refusal {
  return new Refusal('ForeignNode', message);
}

/** Since when a Pod has been missing that an agent says it runs in. */
function createMissing(clock: Clock) {
  const since = new Map<string, number>();

  function note(podUid: string, ms: number): void {
    const [first] = since.keys();
    if (since.size >= MOST_GONE && first !== undefined) since.delete(first);
    since.set(podUid, ms);
  }

  return {
    seen: (podUid: string) => since.delete(podUid),
    /** What the watch saw go needs no waiting for. */
    gone(podUid: string): void {
      note(podUid, -Infinity);
    },
    fault(podUid: string): Refusal {
      if (!since.has(podUid)) note(podUid, clock.monotonic());
      if (clock.monotonic() - (since.get(podUid) ?? 0) < UNSEEN_FOR_MS) {
        return new Refusal('ServerUnavailable', `this server has not seen the agent's Pod ${podUid} yet`);
      }
      return foreign(`the agent's Pod ${podUid} is not there any more`);
    },
  };
}
