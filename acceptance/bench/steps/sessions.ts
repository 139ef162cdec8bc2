import { REGION, ROLE_BASE_ARN, SERVER_NAME } from '@rolegate/sandbox';
import { startChild } from '../../processes/start-child.ts';
import type { StsLoopCalls } from '../children/sts-loop.ts';
import { roleName } from '../cluster-objects.ts';
import type { BenchWorld, ServerStart } from '../world.ts';
import { cpuMs } from '../process-usage.ts';
import { cpuEach, rowOf, say } from '../row.ts';
import type { Row } from '../row.ts';
import { median } from '../statistics.ts';
import { startStandIns, startStreams } from './stand-ins.ts';

const IN_FLIGHT = 100;
const OPEN_BUCKET = ['--sts-rate', '100000', '--sts-burst', '100000'];

interface Setup extends ServerStart {
  readonly bench: BenchWorld;
  readonly count: number;
}

/** Many new sessions at the same time, compared with a loop that only calls STS. */
export async function sessions(bench: BenchWorld): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const { rounds, quick } = bench.options;
  const count = quick ? 100 : 1_000;
  const size = { pods: count, nodes: 1, roles: count };
  const { sts, kubeconfig, stsEndpoint } = await startStandIns(bench, size, stack);
  const setup: Setup = { bench, count, kubeconfig, stsEndpoint, words: OPEN_BUCKET };
  const [bare, product, cpu]: [number[], number[], number[]] = [[], [], []];
  const runServer = async () => {
    const { tookMs, serverCpuMs } = await serverRun(setup);
    product.push(tookMs);
    cpu.push(serverCpuMs);
  };
  const runLoop = async () => {
    bare.push(await loopRun(setup));
  };
  for (let round = 0; round < rounds; round++)
    for (const run of round % 2 === 0 ? [runLoop, runServer] : [runServer, runLoop]) await run();
  const { mostInFlight, calls } = await sts.call.counts(undefined);
  return [
    rowOf({
      what: `${count} sessions, bucket open: to a bare loop`,
      values: product.map((ms, round) => ms / (bare[round] ?? NaN)),
      say: say.ratio,
      note: `${say.seconds(median(product))} to ${say.seconds(median(bare))}`,
      cpu: cpuEach(median(cpu), count, 'a session'),
      atMost: 1.3,
    }),
    rowOf({
      what: 'the same, calls for each session',
      values: [calls / (count * rounds * 2)],
      say: say.count,
      atMost: 1,
    }),
    rowOf({
      what: 'the same, most calls in flight',
      values: [mostInFlight],
      say: say.count,
      atMost: IN_FLIGHT,
    }),
  ];
}

/** With a new server, measures from connecting an agent to its last credentials. */
async function serverRun({
  bench,
  count,
  ...start
}: Setup): Promise<{ tookMs: number; serverCpuMs: number }> {
  const { bundle, port, opsPort } = await bench.startServer(start);
  await using stack = new AsyncDisposableStack();
  stack.use(bundle);
  await bundle.untilAnswers(opsPort);
  const streams = stack.use(await startStreams());
  const before = await cpuMs(bundle.pid);
  const agents = await bench.rawAgents(1);
  await streams.call.open({ port, serverName: SERVER_NAME, ca: bench.ca, agents });
  const tookMs = await streams.call.sessions(count);
  return { tookMs, serverCpuMs: (await cpuMs(bundle.pid)) - before };
}

/** In a new process, which is as cold as the server. */
async function loopRun({ bench, count, stsEndpoint }: Setup): Promise<number> {
  await using child = await startChild<StsLoopCalls>(
    new URL('../children/sts-loop.ts', import.meta.url),
    bench.bundles.flags.server,
  );
  const roleArns = Array.from({ length: count }, (_, index) => ROLE_BASE_ARN + roleName(index));
  return await child.call.run({ endpoint: stsEndpoint, region: REGION, roleArns, inFlight: IN_FLIGHT });
}
