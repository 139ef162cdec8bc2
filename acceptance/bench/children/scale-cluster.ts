import { startKubernetesApi } from '@rolegate/testing';
import { serveCalls } from '../../processes/serve-calls.ts';
import { createChanges } from '../scale/changes.ts';
import { agentPod, NAMESPACE_OF_AGENTS, scaleObjects } from '../scale/objects.ts';
import type { ScaleSize } from '../scale/size.ts';

const api = await startKubernetesApi({});
let changes: ReturnType<typeof createChanges> | undefined;
/** As etcd of a real API server. Milliseconds. */
const COMPACT_EVERY_MS = 300_000;
setInterval(() => {
  api.compact();
}, COMPACT_EVERY_MS).unref();

function running(): ReturnType<typeof createChanges> {
  if (changes === undefined) throw new Error('the cluster is empty');
  return changes;
}

const calls = {
  /** Creates the cluster with an agent's Pod on each node. Returns a kubeconfig and the tokens of these Pods. */
  fill(size: ScaleSize) {
    api.apply({ kind: 'Namespace', metadata: { name: NAMESPACE_OF_AGENTS } });
    for (const object of scaleObjects(size)) api.apply(object);
    const tokens = Array.from({ length: size.nodes }, (_, index) => {
      const { metadata } = api.apply(agentPod(index));
      return api.issueToken({ pod: `${NAMESPACE_OF_AGENTS}/${metadata.name}` });
    });
    api.compact();
    changes = createChanges(api, size);
    return { kubeconfig: api.kubeconfig(), url: api.url, tokens };
  },
  churn: () => {
    running().churn();
  },
  stopChurn: () => {
    running().stop();
  },
  rollOut: () => running().rollOut(),
  permit: (permitted: boolean) => running().permit(permitted),
  takeScheduled: () => running().takeScheduled(),
  /** The CA bundle that servers publish; '' before. */
  authorities(): string {
    const found = api.get('ConfigMap', NAMESPACE_OF_AGENTS, 'rolegate-authority') as
      { readonly data?: Readonly<Record<string, string>> } | undefined;
    return found?.data?.['ca.crt'] ?? '';
  },
  /** Breaks all connections and refuses everything, as while the API server restarts; the history is then gone. */
  goDown(): void {
    api.refuse(503);
    api.dropWatches('cut');
  },
  comeBack(): void {
    api.compact();
    api.refuse(undefined);
  },
  version: () => api.bump(),
  tokenReviews: () => api.tokenReviews,
};
export type ScaleClusterCalls = typeof calls;
serveCalls(calls);
