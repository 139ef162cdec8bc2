import { createNodes } from '../../src/feed/nodes/nodes.ts';
import type { NodeStream } from '../../src/feed/nodes/node-view.ts';
import { createClusterStandIn } from '../feed/cluster-stand-in.ts';
import type { ClusterStandInOptions } from '../feed/cluster-stand-in.ts';

export const MINUTE_MS = 60_000;
export const STS_MS = 50;
/** The tenant's Namespace. */
export const STORM = 'storm';

const OTHERS = 50;
const PERMIT_ALL = {
  'iam.amazonaws.com/permitted': '.*',
  'rolegate.dev/permitted-session-tags': '["*"]',
};

export type World = ReturnType<typeof createWorld>;

export interface Storm {
  readonly pods: number;
  /** Makes the tenant's nth change. */
  readonly change: (world: World, n: number, pods: number) => void;
}

/** A session's document as an agent received it, and when. */
interface Told {
  expiresAtMs: number;
  fingerprint: string;
  atMs: number;
  renewals: number;
}

/** Real decisions, sessions and feeds, with agents that record the documents that they would serve. */
export function createWorld(options: ClusterStandInOptions) {
  let seed = 0;
  const cluster = createClusterStandIn({
    stsMs: () => STS_MS,
    random: () => (seed += 0.618_033_988_75) % 1,
    ...options,
  });
  const { clock } = cluster;
  const nodes = createNodes({
    ...cluster,
    warn: () => undefined,
    audit: () => undefined,
    metrics: { decision: () => undefined },
  });

  /** An agent's documents, by session. */
  function join(node: string): Map<string, Told> {
    const documents = new Map<string, Told>();
    const stream: NodeStream = {
      pod: () => undefined,
      podRemoved: () => undefined,
      session(id, current) {
        const { credentials } = current() ?? {};
        const before = documents.get(id);
        if (credentials === undefined || credentials.fingerprint === before?.fingerprint) return;
        const { expiresAtMs, fingerprint } = credentials;
        const renewals = before === undefined ? 0 : before.renewals + 1;
        documents.set(id, { expiresAtMs, fingerprint, renewals, atMs: clock.monotonic() });
      },
      sessionRemoved: (id) => documents.delete(id),
    };
    nodes.join(node, stream, []);
    return documents;
  }

  const others = join('node-others');
  const late = join('node-late');
  join('node-storm');
  let lateComers = 0;

  function addPod(namespace: string, nodeName: string): void {
    cluster.setNamespace(namespace, PERMIT_ALL);
    cluster.setServiceAccount(namespace, 'default', { 'iam.amazonaws.com/role': 'app' });
    cluster.setPod(namespace, { namespace, nodeName });
  }

  return {
    ...cluster,
    /** Fifty Pods of fifty Namespaces get their sessions. */
    async begin(): Promise<void> {
      for (let n = 0; n < OTHERS; n++) addPod(`team-${n}`, 'node-others');
      cluster.setNamespace(STORM, PERMIT_ALL);
      await clock.advance(1_000);
    },
    setStormPod(n: number, annotations: Record<string, string>, serviceAccount = 'default'): void {
      cluster.setPod(`storm-${n}`, { namespace: STORM, nodeName: 'node-storm', serviceAccount, annotations });
    },
    /** Of the documents of the fifty, what is left of the one that ends first. Milliseconds. */
    leastMs: () => Math.min(...[...others.values()].map(({ expiresAtMs }) => expiresAtMs - clock.now())),
    /** Of the fifty, each. */
    renewals: () => [...others.values()].map((told) => told.renewals),
    /** How long Pods of so many new Namespaces, which come at once, wait for their sessions. Milliseconds. */
    async lateComers(count: number): Promise<number[]> {
      const sinceMs = clock.monotonic();
      const names = Array.from({ length: count }, () => `late-${lateComers++}`);
      for (const name of names) addPod(name, 'node-late');
      await clock.advance(1_000);
      const waited = [...late.values()].map(({ atMs }) => atMs - sinceMs);
      for (const name of names) cluster.removePod(name);
      return waited.concat(Array<number>(count - waited.length).fill(Infinity));
    },
  };
}
