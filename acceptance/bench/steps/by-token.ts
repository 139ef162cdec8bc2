import { containerCredentials } from '@rolegate/protocol';
import { containerCredentialsFlags } from '@rolegate/sandbox';
import { freePort } from '@rolegate/testing';
import { startChild } from '../../processes/start-child.ts';
import type { Load, LoadCalls } from '../children/load.ts';
import { podIp, roleName } from '../cluster-objects.ts';
import { memoryOf } from '../process-usage.ts';
import type { Memory } from '../process-usage.ts';
import { rowOf, say } from '../row.ts';
import type { Row } from '../row.ts';
import { CREDENTIALS_PATH, requestText, requestToken, sendRequest } from '../send-request.ts';
import type { RequestOptions } from '../send-request.ts';
import { median, rotated } from '../statistics.ts';
import type { BenchWorld } from '../world.ts';
import { measureCell, startStandIn } from './load-turns.ts';
import type { Target } from './load-turns.ts';
import type { NodeWorld } from './node-world.ts';
import { openNodeWorld } from './node-world.ts';
import type { Cell } from './warm-figures.ts';
import { warmFigures } from './warm-figures.ts';

/** kubelet's default limit. */
const PODS = 110;
const CLIENTS = 16;
/** Turns of a contender in a round. */
const SLICES = 5;

/** After the same number of requests. */
interface MemoryPair {
  readonly without: Memory;
  readonly with: Memory;
}

/** Cached answers by ServiceAccount token, compared with a node:http server, and the memory that serving them takes. */
export async function byToken(bench: BenchWorld): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const world = await openNodeWorld(bench, PODS, stack);
  const load = stack.use(await startChild<LoadCalls>(new URL('../children/load.ts', import.meta.url)));
  const cells: Cell[] = [];
  const memory: MemoryPair[] = [];
  for (let round = 0; round < bench.options.rounds; round++) {
    const measured = await oneRound(bench, { ...world, load: load.call.run });
    cells.push(...measured.cells.map((cell) => ({ ...cell, round })));
    memory.push(measured.memory);
  }
  return rowsOf(cells, memory);
}

type RoundWorld = NodeWorld & { readonly load: LoadCalls['run'] };

/** With two agents that have just started. */
async function oneRound(bench: BenchWorld, world: RoundWorld) {
  await using stack = new AsyncDisposableStack();
  const [without, served] = [await byMetadata(bench, world, stack), await byTokens(bench, world, stack)];
  const bare = await startStandIn(bench, { contender: 'bare', ...served }, stack);
  const contenders = [without, served.target, bare];
  const cells: Omit<Cell, 'round'>[] = [];
  const turn = async (slice: number, times: Pick<Load, 'warmUpMs' | 'durationMs'>) => {
    for (const target of rotated(contenders, slice))
      cells.push(
        await measureCell(target, { clients: CLIENTS, keepAlive: true, ...times, load: world.load }),
      );
  };
  // Until all code is compiled.
  await turn(
    0,
    bench.options.quick ? { warmUpMs: 50, durationMs: 50 } : { warmUpMs: 2_000, durationMs: 500 },
  );
  cells.length = 0;
  for (let slice = 0; slice < SLICES; slice++) await turn(slice, { warmUpMs: 50, durationMs: 300 });
  const memory = { without: await memoryOf(pidOf(without)), with: await memoryOf(pidOf(served.target)) };
  return { cells, memory };
}

function pidOf({ pid = 0 }: Target): number {
  return pid;
}

/** An agent without container credentials. */
async function byMetadata(
  bench: BenchWorld,
  { server, cniDirectory }: NodeWorld,
  stack: AsyncDisposableStack,
): Promise<Target> {
  const { bundle, port, opsPort } = await bench.startAgent({ serverPort: server.port, cniDirectory });
  stack.use(bundle);
  await bundle.untilAnswers(opsPort);
  const sources: Load['sources'][number][] = [];
  for (let index = 0; index < PODS; index++) {
    const ip = podIp(index);
    const path = CREDENTIALS_PATH + roleName(index % Math.ceil(PODS / 2));
    const headers = { 'X-aws-ec2-metadata-token': await requestToken({ port, ip }) };
    await answerOf({ port, ip, path, headers });
    sources.push({ ip, request: requestText(path, headers) });
  }
  return { contender: 'agent', pid: bundle.pid, port, sources };
}

/** An agent with container credentials. */
async function byTokens(
  bench: BenchWorld,
  { server, cluster, cniDirectory }: NodeWorld,
  stack: AsyncDisposableStack,
) {
  const [host, port] = ['127.0.0.1', await freePort()];
  const { bundle, opsPort } = await bench.startAgent({
    serverPort: server.port,
    cniDirectory,
    moreFlags: containerCredentialsFlags({ host, port }),
  });
  stack.use(bundle);
  await bundle.untilAnswers(opsPort);
  const { path } = containerCredentials;
  const requests = (await cluster.call.podTokens(PODS)).map((token, index) => ({
    ip: podIp(index),
    headers: { Host: host, Authorization: token },
  }));
  const sources = requests.map(({ ip, headers }) => ({ ip, request: requestText(path, headers) }));
  for (const request of requests.slice(1)) await answerOf({ port, path, ...request });
  const [first = { ip: podIp(0), headers: {} }] = requests;
  const answer = await answerOf({ port, path, ...first });
  const target: Target = { contender: 'agent by ServiceAccount token', pid: bundle.pid, port, sources };
  return { target, answer, sources };
}

/** Throws unless it is a 200, for which an agent that has just started gets some time. */
async function answerOf(request: RequestOptions) {
  for (let tries = 1; ; tries++) {
    const answer = await sendRequest(request);
    if (answer.status === 200) return answer;
    if (tries === 10) throw new Error(`${request.path} for ${request.ip}: ${answer.status} ${answer.body}`);
  }
}

function rowsOf(cells: readonly Cell[], memory: readonly MemoryPair[]): Row[] {
  const figures = warmFigures(cells, true);
  const what = `warm answer by ServiceAccount token, keep-alive, ${CLIENTS} clients`;
  const contender = 'agent by ServiceAccount token';
  const rss = memory.map((pair) => pair.without.rss);
  const anonymous = memory.map((pair) => pair.with.anonymous - pair.without.anonymous);
  return [
    rowOf({
      what: `${what}: rps to bare`,
      values: figures.ratios(contender, 'rps'),
      say: say.ratio,
      note: `${figures.both(contender, 'rps', say.count)}; the metadata API ${say.count(figures.middle('agent', 'rps'))}`,
      cpu: figures.cpu(contender),
    }),
    rowOf({
      what: 'the same, answers that were no 200',
      values: [cells.reduce((sum, cell) => sum + cell.failures, 0)],
      say: say.count,
      atMost: 0,
    }),
    rowOf({
      what: `agent RSS, ${PODS} Pods, after that load: added by container credentials`,
      values: memory.map((pair) => pair.with.rss - pair.without.rss),
      say: say.tenthMb,
      note: `without them ${say.mb(median(rss))}; anonymous part ${say.tenthMb(median(anonymous))}`,
      atMost: 3,
    }),
  ];
}
