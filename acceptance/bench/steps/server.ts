import { setTimeout as sleep } from 'node:timers/promises';
import { SERVER_NAME } from '@rolegate/sandbox';
import type { RawAgent } from '../children/streams.ts';
import type { BenchWorld, Running, ServerStart } from '../world.ts';
import type { Memory } from '../process-usage.ts';
import { cpuMs, memoryOf } from '../process-usage.ts';
import { cpuEach, rowOf, say } from '../row.ts';
import type { Row } from '../row.ts';
import { median, rotated } from '../statistics.ts';
import { startStandIns, startStreams } from './stand-ins.ts';

/** Time to release temporary memory. */
const SETTLE_MS = 1_000;
const SESSIONS = 500;

type Mode = 'streaming' | 'paged';

interface Connected {
  readonly memory: Memory;
  readonly tookMs: number;
  /** CPU time of the server for all agents. */
  readonly cpuMs: number;
}

interface Sync {
  readonly mode: Mode;
  readonly readyMs: number;
  /** CPU time of the server until it is ready. */
  readonly cpuMs: number;
  readonly memory: Memory;
  /** After all agents have connected and got credentials. Only with streaming lists. */
  readonly connected: Connected | undefined;
}

/** Start time and memory of a server in a large cluster. */
export async function server(bench: BenchWorld): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const { quick, rounds } = bench.options;
  const [pods, agents] = quick ? [500, 25] : [10_000, 500];
  const roles = quick ? 25 : SESSIONS;
  const size = { pods, nodes: agents, roles };
  const { cluster, kubeconfig, stsEndpoint } = await startStandIns(bench, size, stack);
  const rawAgents = await bench.rawAgents(agents);
  const syncs: Sync[] = [];
  for (let round = 0; round < rounds; round++)
    for (const mode of rotated(['streaming', 'paged'] as const, round)) {
      await cluster.call.offerStreamingList(mode === 'streaming');
      syncs.push(await sync(mode, { bench, kubeconfig, stsEndpoint, rawAgents, roles }));
    }
  return [...syncRows(syncs, pods), ...connectedRows(syncs, agents)];
}

interface Setup extends ServerStart {
  readonly bench: BenchWorld;
  readonly rawAgents: readonly RawAgent[];
  /** The number of sessions. */
  readonly roles: number;
}

async function sync(mode: Mode, setup: Setup): Promise<Sync> {
  await using stack = new AsyncDisposableStack();
  const running = await setup.bench.startServer(setup);
  const { bundle, opsPort } = running;
  stack.use(bundle);
  const readyMs = await bundle.untilAnswers(opsPort);
  const used = await cpuMs(bundle.pid);
  await sleep(SETTLE_MS);
  const memory = await memoryOf(bundle.pid);
  const connected = mode === 'streaming' ? await connectAll(running, setup) : undefined;
  return { mode, readyMs, cpuMs: used, memory, connected };
}

async function connectAll({ bundle, port }: Running, { bench, rawAgents, roles }: Setup): Promise<Connected> {
  const before = await cpuMs(bundle.pid);
  await using streams = await startStreams();
  const tookMs = await streams.call.open({ port, serverName: SERVER_NAME, ca: bench.ca, agents: rawAgents });
  await streams.call.sessions(roles);
  const used = (await cpuMs(bundle.pid)) - before;
  await sleep(SETTLE_MS);
  return { tookMs, memory: await memoryOf(bundle.pid), cpuMs: used };
}

function syncRows(syncs: readonly Sync[], pods: number): Row[] {
  const modes = [
    { mode: 'streaming', name: 'streaming list', mostMb: 110, mostMs: 1_000 },
    { mode: 'paged', name: 'paged by 100', mostMb: 110, mostMs: 1_000 },
  ] as const;
  const of = (mode: Mode) => syncs.filter((sync) => sync.mode === mode);
  const memories = modes.map(({ mode, name, mostMb }) =>
    rowOf({
      what: `server RSS, ${pods} Pods, ${name}`,
      values: of(mode).map(({ memory }) => memory.rss),
      say: say.mb,
      note: `anonymous ${mb(of(mode), 'anonymous')}, peak ${mb(of(mode), 'peak')}`,
      atMost: mostMb,
    }),
  );
  const times = modes.map(({ mode, name, mostMs }) =>
    rowOf({
      what: `sync of ${pods} Pods, start to ready, ${name}`,
      values: of(mode).map(({ readyMs }) => readyMs),
      say: say.seconds,
      cpu: cpuEach(median(of(mode).map(({ cpuMs: used }) => used)), pods, 'a Pod'),
      atMost: mostMs,
    }),
  );
  return [...memories, ...times];
}

function mb(syncs: readonly Sync[], part: keyof Memory): string {
  return say.mb(median(syncs.map(({ memory }) => memory[part])));
}

function connectedRows(syncs: readonly Sync[], agents: number): Row[] {
  const pairs = syncs.flatMap(({ memory, connected }) =>
    connected === undefined ? [] : [{ memory, connected }],
  );
  return [
    rowOf({
      what: `${agents} agents connected: growth of the server's RSS`,
      values: pairs.map(({ memory, connected }) => connected.memory.rss - memory.rss),
      say: say.mb,
      note: `all have their snapshots after ${say.seconds(median(pairs.map(({ connected }) => connected.tookMs)))}`,
      cpu: cpuEach(median(pairs.map(({ connected }) => connected.cpuMs)), agents, 'an agent'),
      atMost: 50,
    }),
  ];
}
