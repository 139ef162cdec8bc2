import { sendRequest, requestToken, CREDENTIALS_PATH, requestText } from '../send-request.ts';
import type { Endpoint } from '../against/endpoint.ts';
import { prepareSources } from '../against/sources.ts';
import type { Load, LoadCalls } from '../children/load.ts';
import { startChild } from '../../processes/start-child.ts';
import { podIp, roleName } from '../cluster-objects.ts';
import type { BenchWorld, Running } from '../world.ts';
import { cpuMs, memoryOf } from '../process-usage.ts';
import type { Row } from '../row.ts';
import { rotated } from '../statistics.ts';
import { openNodeWorld } from './node-world.ts';
import { measureCell, startStandIn } from './load-turns.ts';
import type { Target } from './load-turns.ts';
import type { Cell, Contender } from './warm-figures.ts';
import { warmRows } from './warm-rows.ts';

/** kubelet's default limit. */
const PODS = 110;
const CLIENTS = 16;
/** Turns of a contender in a round. Short turns compare all contenders under similar conditions. */
const SLICES = 5;

/** Cached answers of the agent, compared with a node:http server that sends the same answer. */
export async function warm(bench: BenchWorld): Promise<Row[]> {
  const { quick, rounds } = bench.options;
  await using stack = new AsyncDisposableStack();
  const world = await openNodeWorld(bench, PODS, stack);
  const start = async (logLevel: 'info' | 'debug') => {
    const agent = await bench.startAgent({
      serverPort: world.server.port,
      cniDirectory: world.cniDirectory,
      logLevel,
    });
    stack.use(agent.bundle);
    await agent.bundle.untilAnswers(agent.opsPort);
    return agent;
  };
  const [agent, debug] = [await start('info'), await start('debug')];
  const load = stack.use(await startChild<LoadCalls>(new URL('../children/load.ts', import.meta.url)));
  const others = await Promise.all(bench.options.against.map(external));
  const contenders = [
    ...(await agents(agent, debug)),
    ...(await standIns(bench, agent, stack)),
    ...others.map(({ target }) => target),
  ];
  const cells: Cell[] = [];
  const turn = async (round: number, slice: number, times: Pick<Load, 'warmUpMs' | 'durationMs'>) => {
    for (const keepAlive of [true, false])
      for (const target of rotated(contenders, round + slice))
        cells.push({
          ...(await measureCell(target, { clients: CLIENTS, keepAlive, ...times, load: load.call.run })),
          round,
        });
  };
  // Until all code is compiled.
  await turn(0, 0, quick ? { warmUpMs: 50, durationMs: 50 } : { warmUpMs: 2_000, durationMs: 500 });
  cells.length = 0;
  for (let round = 0; round < rounds; round++)
    for (let slice = 0; slice < SLICES; slice++) await turn(round, slice, { warmUpMs: 50, durationMs: 300 });
  return warmRows(cells, {
    memory: await memoryOf(agent.bundle.pid),
    pods: PODS,
    clients: CLIENTS,
    endpoints: others.map(({ endpoint: { url, pid }, withToken }) => ({ url, pid, withToken })),
  });
}

/** An endpoint of --against, which runs already. */
async function external(endpoint: Endpoint) {
  const { url, host, port, pid } = endpoint;
  if (pid !== undefined) await cpuMs(pid); // rejects if there is no such process
  const addresses = Array.from({ length: PODS }, (_, index) => podIp(index));
  const { sources, withToken } = await prepareSources(endpoint, addresses);
  const target: Target = { contender: url as Contender, pid, host, port, sources };
  return { endpoint, withToken, target };
}

/** Prepares a token for each Pod, and warms the agents' caches. */
async function agents(agent: Running, debug: Running): Promise<Target[]> {
  const target = async (contender: Contender, { bundle, port }: Running): Promise<Target> => ({
    contender,
    port,
    pid: bundle.pid,
    sources: await Promise.all(
      Array.from({ length: PODS }, async (_, index) => {
        const ip = podIp(index);
        const path = pathOf(index);
        const token = await requestToken({ port, ip });
        const headers = { 'X-aws-ec2-metadata-token': token };
        const { status, body } = await sendRequest({ port, ip, path, headers });
        if (status !== 200) throw new Error(`${path} for ${ip}: ${status} ${body}`);
        return { ip, request: requestText(path, contender === 'agent without token' ? {} : headers) };
      }),
    ),
  });
  return [
    await target('agent', agent),
    await target('agent at debug', debug),
    await target('agent without token', agent),
  ];
}

/** Two servers that always send the agent's answer. */
async function standIns(
  bench: BenchWorld,
  { port }: Running,
  stack: AsyncDisposableStack,
): Promise<Target[]> {
  const answer = await sendRequest({ port, ip: podIp(0), path: pathOf(0) });
  const sources = Array.from({ length: PODS }, (_, index) => ({
    ip: podIp(index),
    request: requestText(pathOf(index), { 'X-aws-ec2-metadata-token': 'A'.repeat(80) }),
  }));
  const standIn = (contender: 'bare' | 'raw') => startStandIn(bench, { contender, answer, sources }, stack);
  return [await standIn('bare'), await standIn('raw')];
}

function pathOf(index: number): string {
  return CREDENTIALS_PATH + roleName(index % Math.ceil(PODS / 2));
}
