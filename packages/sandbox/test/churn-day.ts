import type { Namespace, Pod } from '../../server/src/kubernetes/objects/objects.ts';
import { createCluster, startAgent, startServer } from './one-day-setup.ts';
import type { There } from './one-day-setup.ts';
import { podObject } from './pod-object.ts';

const MINUTE_MS = 60_000;
const PODS = 60;
const ROLES = 40;
/** Pods that are replaced each minute. */
const GO_EACH_MINUTE = 6;
/** Minutes between events. Primes, so that they coincide in every combination. */
const EVERY = { roleChange: 3, withdrawal: 17, stsFault: 23, serverLost: 97 } as const;
/** Once and early, so that what it leaves behind shows at the end. */
const AGENT_RESTARTS_AT_MINUTE = 401;
const STS_AWAY_MINUTES = 3;

export interface Figures {
  readonly hour: number;
  readonly pods: number;
  readonly cachedSessions: number;
  readonly claimedSessions: number;
  readonly timers: number;
  readonly stsCalls: number;
  /** After two collections. */
  readonly heapBytes: number;
}

export interface ChurnDay {
  readonly figures: readonly Figures[];
  /** Least remaining lifetime of credentials that Pods got. Milliseconds. */
  readonly leastMs: number;
  /** Documents delivered. */
  readonly documents: number;
  /** Of those, documents that had expired according to their own text. */
  readonly expired: number;
  readonly podsPassed: number;
}

/**
 * A day of virtual time on one node: Pods start and end, roles change, streams end, and STS and servers fail now and
 * then.
 */
export async function churnDay({
  hours,
  lookAt,
  collect,
}: {
  hours: number;
  /** Everything is counted after these hours. */
  lookAt: readonly number[];
  /** Collects garbage. */
  collect: () => void;
}): Promise<ChurnDay> {
  const node = createBusyNode();
  const figures: Figures[] = [];
  await node.clock.advance(1_000);
  for (let minute = 1; minute <= hours * 60; minute++) {
    node.change(minute);
    await node.clock.advance(MINUTE_MS);
    node.askAll();
    if (minute % 60 === 0 && lookAt.includes(minute / 60)) {
      collect();
      collect();
      figures.push({ hour: minute / 60, ...node.sizes(), heapBytes: process.memoryUsage().heapUsed });
    }
  }
  node.stop();
  return { figures, ...node.seen() };
}

function createBusyNode() {
  let seed = 0;
  const random = () => (seed += 0.618_033_988_75) % 1;
  const cluster = createCluster(random);
  const { clock, store, namespaces, sts } = cluster;
  const server = startServer(cluster, random);
  const there: There = { server, open: [] };
  let agent = startAgent(cluster, there, random);
  let [version, serial] = [1_000, 0];
  const live: Pod[] = [];
  const seen = { leastMs: Infinity, documents: 0, expired: 0 };
  const next = () => String((version += 1));

  function come(): void {
    serial += 1;
    const fields = { uid: `uid-${serial}`, resourceVersion: next(), annotations: roleOf(serial) };
    const pod = podObject(`pod-${serial}`, fields);
    live.push(pod);
    store.set(pod);
  }

  function permit(permitted: string): void {
    const annotations = { 'iam.amazonaws.com/permitted': permitted };
    namespaces.set({ uid: 'n', name: 'shop', resourceVersion: next(), annotations } satisfies Namespace);
  }

  function breakStreams(): void {
    for (const breakStream of there.open.splice(0)) breakStream();
  }

  function change(minute: number): void {
    for (let gone = 0; gone < GO_EACH_MINUTE; gone++) {
      const pod = live.shift();
      if (pod !== undefined) store.remove({ ...pod, resourceVersion: next() });
      come();
    }
    const at = minute % live.length;
    const pod = live[at];
    if (minute % EVERY.roleChange === 0 && pod !== undefined) {
      live[at] = { ...pod, resourceVersion: next(), annotations: roleOf(serial + minute) };
      store.set(live[at]);
    }
    if (minute % EVERY.withdrawal === 0) permit('role-[0-9]');
    if (minute % EVERY.withdrawal === 1) permit('role-[0-9]+');
    const name = minute % 2 === 0 ? 'ServiceUnavailable' : 'ThrottlingException';
    if (minute % EVERY.stsFault === 0) sts.fault = Object.assign(new Error('away'), { name });
    if (minute % EVERY.stsFault === STS_AWAY_MINUTES) sts.fault = undefined;
    if (minute % EVERY.serverLost === 0) {
      there.server = undefined;
      breakStreams();
    } else there.server = server;
    if (minute === AGENT_RESTARTS_AT_MINUTE) {
      agent.stop();
      breakStreams();
      agent = startAgent(cluster, there, random);
    }
  }

  function askAll(): void {
    for (const { uid } of live) {
      const leftMs = agent.ask(uid);
      if (leftMs === 0) continue; // not available yet, or withdrawn: a Pod waits or is refused
      const decision = agent.table.pod(uid)?.decision;
      const id = decision?.kind === 'allow' ? decision.sessionId : '';
      const document = agent.table.session(id)?.credentials?.document ?? '{}';
      const { Expiration = '' } = JSON.parse(document) as { Expiration?: string };
      seen.documents += 1;
      seen.leastMs = Math.min(seen.leastMs, leftMs);
      if (!(Date.parse(Expiration) > clock.now())) seen.expired += 1;
    }
  }

  const first = store.get('uid-a');
  if (first !== undefined) store.remove({ ...first, resourceVersion: next() });
  permit('role-[0-9]+');
  while (live.length < PODS) come();
  return {
    clock,
    change,
    askAll,
    stop: () => {
      agent.stop();
    },
    seen: () => ({ ...seen, podsPassed: serial }),
    sizes: () => ({
      pods: agent.table.pods().length,
      cachedSessions: agent.table.cachedSessions().length,
      claimedSessions: Object.values(cluster.sessions.counts()).reduce((sum, count) => sum + count, 0),
      timers: clock.pending,
      stsCalls: sts.calls,
    }),
  };
}

function roleOf(at: number): Readonly<Record<string, string>> {
  return { 'iam.amazonaws.com/role': `role-${at % ROLES}` };
}
