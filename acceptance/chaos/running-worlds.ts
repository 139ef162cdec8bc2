import { ownerOf } from '@rolegate/sandbox';
import { eventually } from '@rolegate/testing';
import { createSdkCaller, manners } from '../pod-calls/sdk-call.ts';
import type { RunningPod } from './running-pods.ts';
import type { SeenKey } from './tally.ts';
import { startChaosWorld } from './world.ts';
import type { ChaosWorldOptions } from './world-programs.ts';
import type { ChaosWorld } from './world.ts';

const PODS = 8;
/** From a fault's end to everything being well. Milliseconds. */
const WELL_WITHIN = { withinMs: 30_000, everyMs: 50 };

export const MARKER = 'marker/pod';

/** A world with Pods that run already, which steps use one after the other. */
export interface RunningWorld extends AsyncDisposable {
  readonly world: ChaosWorld;
  readonly running: readonly RunningPod[];
  /** The agent knows after a restart what it held. */
  readonly keepsState: boolean;
}

/** The running worlds of a part; they end with it. */
export interface RunningWorlds extends AsyncDisposable {
  /** In a world where all is well. One in which there was a fault is not used again. */
  readonly use: <Result extends { readonly faults: readonly string[] }>(
    run: (world: RunningWorld) => Promise<Result>,
  ) => Promise<Result>;
}

/** Opens as many as are used at the same time. */
export function createRunningWorlds(options: ChaosWorldOptions): RunningWorlds {
  const free: RunningWorld[] = [];
  return {
    async use(run) {
      const world = free.pop() ?? (await openRunningWorld(options));
      let isWell = false;
      try {
        await untilWell(world);
        const result = await run(world);
        isWell = result.faults.length === 0;
        return result;
      } finally {
        if (isWell) free.push(world);
        else await world[Symbol.asyncDispose]();
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(free.splice(0).map((world) => world[Symbol.asyncDispose]()));
    },
  };
}

async function openRunningWorld(options: ChaosWorldOptions): Promise<RunningWorld> {
  const world = await startChaosWorld(options);
  world.permit('app', 'app-[0-9]+');
  world.permit('guests', 'new-[a-z-]+');
  world.permit('marker', 'marked');
  await world.run(MARKER, 'marked');
  const running: RunningPod[] = [];
  for (let at = 0; at < PODS; at++) {
    const [name, role] = [`app/pod-${at}`, `app-${at}`];
    await world.run(name, role);
    const calls = world.callsOf(name, { keepAlive: at % 2 === 1 });
    running.push({ name, role, calls, manner: manners[at % manners.length] ?? 'document' });
  }
  return {
    world,
    running,
    keepsState: options.agentFlags !== undefined,
    async [Symbol.asyncDispose]() {
      for (const { calls } of running) calls.close();
      await world[Symbol.asyncDispose]();
    },
  };
}

/** Resolves when all programs run, the agent follows a server, and all Pods have their credentials. */
function untilWell({ world, running }: RunningWorld): Promise<void> {
  return eventually(() => expectWell(world, running), WELL_WITHIN);
}

async function expectWell(world: ChaosWorld, running: readonly RunningPod[]): Promise<void> {
  if (!world.agent.running || !world.servers.every((server) => server.running))
    throw new Error('a program has ended by itself');
  const { agentOpsPort, opsPorts } = world.programs;
  for (const port of [...opsPorts, agentOpsPort]) {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) });
    if (!answer.ok) throw new Error(`port ${port} is not ready: ${await answer.text()}`);
  }
  const metrics = await (await fetch(`http://127.0.0.1:${agentOpsPort}/metrics`)).text();
  if (!/^rolegate_feed_connected 1$/m.test(metrics)) throw new Error('the agent follows no server');
  for (const { name, role } of [...running, { name: MARKER, role: 'marked' }]) {
    const calls = world.callsOf(name);
    const { status, role: listed } = await createSdkCaller(calls, 'list and document', role).look();
    calls.close();
    if (status !== 200 || listed !== role) throw new Error(`${name} is answered ${status} as ${listed}`);
  }
}

/** The documents that were another role's than their Pod's, by the word of STS. */
export async function wronglyOwned({ sts }: ChaosWorld, keys: readonly SeenKey[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const { pod, role, document } of keys) {
    const owner = await ownerOf(document, sts.url);
    if (!owner.includes(`:assumed-role/${role}/`)) wrong.push(`${pod} was given a key of ${owner}`);
  }
  return wrong;
}
