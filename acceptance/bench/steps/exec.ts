import { setTimeout as sleep } from 'node:timers/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { sendRequest, CREDENTIALS_PATH } from '../send-request.ts';
import type { ProgramName } from '../bundle.ts';
import { podIp } from '../cluster-objects.ts';
import type { BenchWorld } from '../world.ts';
import { cpuMs } from '../process-usage.ts';
import { cpuEach, rowOf, say } from '../row.ts';
import type { Row } from '../row.ts';
import { median } from '../statistics.ts';
import type { NodeWorld } from './node-world.ts';
import { openNodeWorld } from './node-world.ts';

/** Starts in each round. The medians of a round are compared. */
const STARTS = 5;

interface Times {
  readonly listening: number;
  readonly serving: number;
  /** CPU time of the agent until it serves, for all starts of the round. */
  readonly cpuMs: number;
  readonly versionOf: Readonly<Record<ProgramName, number>>;
  /** An empty Node.js process with the agent's flags. */
  readonly empty: number;
}

/** From exec to the first answer with data from the server, with 110 Pods on the node. */
export async function exec(bench: BenchWorld): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const world = await openNodeWorld(bench, 110, stack);
  const rounds: Times[] = [];
  for (let round = 0; round < bench.options.rounds; round++) rounds.push(await oneRound(bench, world));
  const of = (pick: (times: Times) => number) => rounds.map(pick);
  const cpu = cpuEach(
    of((times) => times.cpuMs).reduce((sum, ms) => sum + ms, 0),
    rounds.length * startsOf(bench),
    'a start',
  );
  const empty = `an empty Node ${say.ms(median(of((times) => times.empty)))}`;
  return [
    rowOf({
      what: 'agent, exec to serving (the first role name answered)',
      values: of(({ serving }) => serving),
      say: say.seconds,
      cpu,
      atMost: 200,
    }),
    rowOf({
      what: 'agent, exec to listening',
      values: of(({ listening }) => listening),
      say: say.seconds,
      atMost: 140,
    }),
    rowOf({
      what: 'agent --version',
      values: of((times) => times.versionOf.agent),
      say: say.ms,
      note: empty,
    }),
    rowOf({
      what: 'server --version',
      values: of((times) => times.versionOf.server),
      say: say.ms,
      note: empty,
    }),
  ];
}

function startsOf({ options }: BenchWorld): number {
  return options.quick ? 1 : STARTS;
}

async function oneRound(bench: BenchWorld, world: NodeWorld): Promise<Times> {
  const all: Times[] = [];
  for (let time = 0; time < startsOf(bench); time++) {
    const started = await startAgent(bench, world);
    const version = (name: ProgramName) => bench.bundles.start({ name, words: ['--version'] }).ended();
    const versionOf = { agent: await version('agent'), server: await version('server') };
    all.push({ ...started, versionOf, empty: await emptyNode(bench) });
  }
  const middle = (pick: (times: Times) => number) => median(all.map(pick));
  return {
    listening: middle(({ listening }) => listening),
    serving: middle(({ serving }) => serving),
    cpuMs: all.reduce((sum, { cpuMs: used }) => sum + used, 0),
    versionOf: {
      agent: middle(({ versionOf }) => versionOf.agent),
      server: middle(({ versionOf }) => versionOf.server),
    },
    empty: middle((each) => each.empty),
  };
}

async function startAgent(
  bench: BenchWorld,
  { server, cniDirectory }: NodeWorld,
): Promise<Pick<Times, 'listening' | 'serving' | 'cpuMs'>> {
  const { bundle, port } = await bench.startAgent({ serverPort: server.port, cniDirectory });
  await using stack = new AsyncDisposableStack();
  stack.use(bundle);
  let listening: number | undefined;
  for (;;) {
    const sentMs = performance.now() - bundle.startedMs;
    const { status, body } = await sendRequest({ port, ip: podIp(0), path: CREDENTIALS_PATH });
    const tookMs = performance.now() - bundle.startedMs;
    // The first accepted request is held until the agent knows the Pod.
    if (!body.includes('ECONNREFUSED')) listening ??= sentMs;
    if (status === 200)
      return { listening: listening ?? tookMs, serving: tookMs, cpuMs: await cpuMs(bundle.pid) };
    if (tookMs > 10_000) throw new Error(`the agent does not answer: ${status} ${body}`);
    await sleep(2);
  }
}

async function emptyNode({ bundles }: BenchWorld): Promise<number> {
  const startMs = performance.now();
  const child = spawn(process.execPath, [...bundles.flags.agent.node, '-e', '0'], { stdio: 'ignore' });
  await once(child, 'exit');
  return performance.now() - startMs;
}
