import { SERVER_NAME } from '@rolegate/sandbox';
import type { Child } from '../../processes/start-child.ts';
import { startChild } from '../../processes/start-child.ts';
import type { ClusterCalls } from '../children/cluster.ts';
import type { RawAgent, StreamsCalls } from '../children/streams.ts';
import type { StsCalls } from '../children/sts.ts';
import type { BenchWorld, Running, ServerStart } from '../world.ts';
import type { Memory } from '../process-usage.ts';
import { cpuMs, memoryOf } from '../process-usage.ts';
import { cpuEach, rowOf, say } from '../row.ts';
import type { Row } from '../row.ts';
import { median, rotated } from '../statistics.ts';

/** Until what was needed for a moment is given back, or not. Milliseconds. */
const SETTLE_MS = 1_000;
const SESSIONS = 500;

type Mode = 'streaming' | 'paged';

interface Connected {
  readonly memory: Memory;
  readonly tookMs: number;
  /** Of the server, for all agents. Milliseconds. */
  readonly cpuMs: number;
}

interface Sync {
  readonly mode: Mode;
  readonly readyMs: number;
  /** Of the server until it is ready. Milliseconds. */
  readonly cpuMs: number;
  readonly memory: Memory;
  /** When all agents are connected and have what they need; streaming only. */
  readonly connected: Connected | undefined;
}

/** A server's start with a large cluster, and what it holds then. */
export async function server(bench: BenchWorld): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const { quick, rounds } = bench.options;
  const [pods, agents] = quick ? [500, 25] : [10_000, 500];
  const roles = quick ? 25 : SESSIONS;
  const cluster = stack.use(
    await startChild<ClusterCalls>(new URL('../children/cluster.ts', import.meta.url)),
  );
  const sts = stack.use(await startChild<StsCalls>(new URL('../children/sts.ts', import.meta.url)));
  const kubeconfig = await bench.writeKubeconfig(await cluster.call.fill({ pods, nodes: agents, roles }));
  const stsEndpoint = await sts.call.url(undefined);
  const rawAgents = await bench.rawAgents(agents);
  const syncs: Sync[] = [];
  for (let round = 0; round < rounds; round++)
    for (const mode of rotated(['streaming', 'paged'] as const, round)) {
      await cluster.call.offerStreamingList(mode === 'streaming');
      syncs.push(await sync(mode, { bench, kubeconfig, stsEndpoint, rawAgents, roles }));
    }
  return [...syncRows(syncs, pods), ...connectedRows(syncs, agents)];
}

interface Stand extends ServerStart {
  readonly bench: BenchWorld;
  readonly rawAgents: readonly RawAgent[];
  /** As many sessions as there are. */
  readonly roles: number;
}

async function sync(mode: Mode, stand: Stand): Promise<Sync> {
  await using stack = new AsyncDisposableStack();
  const running = await stand.bench.startServer(stand);
  const { bundle, opsPort } = running;
  stack.use(bundle);
  const readyMs = await bundle.untilAnswers(opsPort);
  const used = await cpuMs(bundle.pid);
  await settle();
  const memory = await memoryOf(bundle.pid);
  const connected = mode === 'streaming' ? await connectAll(running, stand) : undefined;
  return { mode, readyMs, cpuMs: used, memory, connected };
}

async function connectAll({ bundle, port }: Running, { bench, rawAgents, roles }: Stand): Promise<Connected> {
  const before = await cpuMs(bundle.pid);
  await using streams: Child<StreamsCalls> = await startChild<StreamsCalls>(
    new URL('../children/streams.ts', import.meta.url),
  );
  const tookMs = await streams.call.open({ port, serverName: SERVER_NAME, ca: bench.ca, agents: rawAgents });
  await streams.call.sessions(roles);
  const used = (await cpuMs(bundle.pid)) - before;
  await settle();
  return { tookMs, memory: await memoryOf(bundle.pid), cpuMs: used };
}

function syncRows(syncs: readonly Sync[], pods: number): Row[] {
  const modes = [
    { mode: 'streaming', said: 'streaming list', mostMb: 110, mostMs: 1_000 },
    { mode: 'paged', said: 'paged by 100', mostMb: 110, mostMs: 1_000 },
  ] as const;
  const of = (mode: Mode) => syncs.filter((sync) => sync.mode === mode);
  const memories = modes.map(({ mode, said, mostMb }) =>
    rowOf({
      what: `server RSS, ${pods} Pods, ${said}`,
      values: of(mode).map(({ memory }) => memory.rss),
      say: say.mb,
      beside: `anonymous ${mb(of(mode), 'anonymous')}, peak ${mb(of(mode), 'peak')}`,
      atMost: mostMb,
    }),
  );
  const times = modes.map(({ mode, said, mostMs }) =>
    rowOf({
      what: `sync of ${pods} Pods, start to ready, ${said}`,
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
      beside: `all have their snapshots after ${say.seconds(median(pairs.map(({ connected }) => connected.tookMs)))}`,
      cpu: cpuEach(median(pairs.map(({ connected }) => connected.cpuMs)), agents, 'an agent'),
      atMost: 50,
    }),
  ];
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}
