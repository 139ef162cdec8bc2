// The stand-in for the API server, including the tenants that create and change objects.
import { setImmediate as turn } from 'node:timers/promises';
import { startKubernetesApi } from '@rolegate/testing';
import { machineMs, paced } from './pace.ts';
import { nameOf, objectOf } from './recipes.ts';
import type { ObjectName, Recipe, StandInCalls, Written } from '../calls.ts';
import { serveCalls } from '../../../processes/serve-calls.ts';

const api = await startKubernetesApi();
const firstEvents = new Map<string, number>();
let eventsRead = 0;

type KubernetesObject = Parameters<typeof api.apply>[0];

function apply(object: KubernetesObject): Written {
  const { uid } = api.apply(object).metadata;
  return { uid, atMs: machineMs() };
}

function remove({ kind, namespace = '', name }: ObjectName): void {
  if (api.get(kind, namespace, name) !== undefined) api.delete(kind, namespace, name);
}

function readEvents(): void {
  for (const { metadata } of api.events.slice(eventsRead))
    if (!firstEvents.has(metadata.namespace)) firstEvents.set(metadata.namespace, machineMs());
  eventsRead = api.events.length;
}
setInterval(readEvents, 50).unref();

async function clear(recipes: readonly Recipe[]): Promise<void> {
  for (const recipe of recipes)
    for (let index = 0; index < recipe.count; index++) {
      remove(nameOf(recipe, index));
      if (recipe.kind === 'Namespace')
        remove({ kind: 'ServiceAccount', namespace: `${recipe.name}-${index}`, name: 'default' });
      // Lets the API server answer requests in between.
      if (index % 20 === 0) await turn();
    }
}

serveCalls({
  where: () => ({ kubeconfig: api.kubeconfig(), port: api.port }),
  apply,
  remove: (name) => {
    remove(name);
    return Promise.resolve();
  },
  async fill({ recipe, perSecond }) {
    const shouldContinue = (_: number, done: number) => done < recipe.count;
    await paced({ perSecond, shouldContinue }, async (index) => {
      apply(objectOf(recipe, { index }));
      await turn();
    });
  },
  clear,
  async rewrite({ recipe, perSecond, deleting = false, variants = [{}], forMs }) {
    const shouldContinue = (elapsedMs: number) => elapsedMs < forMs;
    const writes = await paced({ perSecond, shouldContinue }, async (write) => {
      const index = write % recipe.count;
      const annotations = variants[Math.floor(write / recipe.count) % variants.length] ?? {};
      const { metadata, ...object } = objectOf(recipe, { index, write, annotations });
      if (deleting) remove(nameOf(recipe, index));
      apply({ ...object, metadata: { ...metadata, labels: { turn: String(write) } } });
      await turn();
    });
    return { writes };
  },
  async churn({ recipes, perSecond }) {
    const count = Math.max(...recipes.map((recipe) => recipe.count));
    await paced({ perSecond, shouldContinue: (_, done) => done < count }, async (index) => {
      for (const recipe of recipes) {
        apply(objectOf(recipe, { index }));
        await turn();
        remove(nameOf(recipe, index));
      }
    });
  },
  lists({ streaming, endless = {} }) {
    api.offerStreamingList = streaming;
    for (const kind of ['Pod', 'Namespace', 'ServiceAccount', 'Node'] as const)
      api.endlessLists(kind, endless[kind]);
  },

  uid: ({ kind, namespace = '', name }) => api.get(kind, namespace, name)?.metadata.uid ?? '',
  firstEvent(namespace) {
    readEvents();
    return firstEvents.get(namespace);
  },
  token: api.issueToken,
  object: ({ kind, namespace = '', name }) => api.get(kind, namespace, name) ?? null,
  tokenReviews: () => api.tokenReviews,
} satisfies StandInCalls);
