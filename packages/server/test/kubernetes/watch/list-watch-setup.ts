import type { Clock } from '@rolegate/runtime';
import type { KubernetesApiOptions } from '@rolegate/testing';
import { createListWatch } from '../../../src/kubernetes/watch/list-watch.ts';
import { pickPod } from '../../../src/kubernetes/objects/objects.ts';
import type { Identity, Pod } from '../../../src/kubernetes/objects/objects.ts';
import { createStore } from '../../../src/kubernetes/objects/store.ts';
import type { Change } from '../../../src/kubernetes/objects/store.ts';
import { hurriedClock, recordingLog, startApi } from '../setup.ts';

/** Pauses of 250 ms are 5 ms, silences of 90 s are 1.8 s. */
const HURRY = 50;

export const podManifest = (name: string, role = 'app') => ({
  kind: 'Pod',
  metadata: { name, namespace: 'team-a', annotations: { 'iam.amazonaws.com/role': role } },
  spec: { nodeName: 'node-1' },
});

export const podManifests = (count: number) =>
  Array.from({ length: count }, (_, at) => podManifest(`p-${at}`));

/** A stand-in for the API server and the loop that follows its Pods, which runs until the end of the test. */
export async function runPods({
  clock = hurriedClock(HURRY),
  ...options
}: KubernetesApiOptions & { clock?: Clock } = {}) {
  const { api, connection, ...rest } = await startApi({ clock, ...options });
  const { log, lines } = recordingLog();
  const keyOf = ({ uid }: Pod) => uid;
  const store = createStore<Pod>({ keyOf, log });
  const changes: Change<Pod>[] = [];
  store.onChange((change) => changes.push(change));
  const counted = { events: [] as string[], relists: [] as string[] };
  const metrics = {
    watchEvents: (_kind: string, type: string) => counted.events.push(type),
    relists: (_kind: string, why: string) => counted.relists.push(why),
  };
  const deps = {
    connection,
    path: '/api/v1/pods',
    kind: 'Pod',
    pick: pickPod,
    keyOf,
    keyOfPart: ({ uid }: Identity) => (uid === '' ? undefined : uid),
    store,
    clock,
    log,
    metrics,
  } as const;
  const loop = createListWatch<Pod>({ ...deps, random: Math.random });
  const stop = new AbortController();
  let running: Promise<void> | undefined;

  return {
    api,
    store,
    changes,
    counted,
    lines,
    loop,
    stop,
    clock,
    start() {
      running = loop.run(stop.signal);
      return running;
    },
    synced: () => store.syncedAtMs !== undefined,
    /** The store has the same objects in the same versions as the API server. */
    isEqual: () => {
      const theirs = api.list('Pod').map(({ metadata }) => `${metadata.uid} ${metadata.resourceVersion}`);
      const ours = store.values().map(({ uid, resourceVersion }) => `${uid} ${resourceVersion}`);
      return theirs.sort().join() === ours.sort().join();
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await rest[Symbol.asyncDispose]();
    },
  };
}
