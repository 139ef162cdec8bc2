import { ownerOf } from '@rolegate/sandbox';
import { eventually } from '@rolegate/testing';
import { createSdkClient, clientKinds } from '../pod-calls/sdk-call.ts';
import type { RunningPod } from './running-pods.ts';
import type { SeenKey } from './tally.ts';
import { startChaosWorld } from './world.ts';
import type { ChaosWorldOptions } from './world-programs.ts';
import type { ChaosWorld } from './world.ts';

const PODS = 8;
/** Time to recover from a fault. */
const HEALTHY_WITHIN = { withinMs: 30_000, everyMs: 50 };

export const MARKER = 'marker/pod';

/** A world with running Pods, which steps use in turn. */
export interface RunningWorld extends AsyncDisposable {
  readonly world: ChaosWorld;
  readonly running: readonly RunningPod[];
  /** The agent restores its state after a restart. */
  readonly keepsState: boolean;
}

/** A pool of worlds for one part. */
export interface RunningWorlds extends AsyncDisposable {
  /** Runs in a healthy world. A world in which there were problems is not reused. */
  readonly use: <Result extends { readonly problems: readonly string[] }>(
    run: (world: RunningWorld) => Promise<Result>,
  ) => Promise<Result>;
}

/** Opens as many worlds as are used concurrently. */
export function createRunningWorlds(options: ChaosWorldOptions): RunningWorlds {
  const free: RunningWorld[] = [];
  return {
    async use(run) {
      const world = free.pop() ?? (await openRunningWorld(options));
      let isHealthy = false;
      try {
        await untilHealthy(world);
        const result = await run(world);
        isHealthy = result.problems.length === 0;
        return result;
      } finally {
        if (isHealthy) free.push(world);
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
    running.push({ name, role, calls, kind: clientKinds[at % clientKinds.length] ?? 'document' });
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

/** Resolves when all programs run, the agent is connected, and all Pods have their credentials. */
export function untilHealthy({ world, running }: Pick<RunningWorld, 'world' | 'running'>): Promise<void> {
  return eventually(() => expectHealthy(world, running), HEALTHY_WITHIN);
}

async function expectHealthy(world: ChaosWorld, running: readonly RunningPod[]): Promise<void> {
  if (!world.agent.running || !world.servers.every((server) => server.running))
    throw new Error('a program has ended unexpectedly');
  const { agentOpsPort, opsPorts } = world.programs;
  for (const port of [...opsPorts, agentOpsPort]) {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) });
    if (!answer.ok) throw new Error(`port ${port} is not ready: ${await answer.text()}`);
  }
  const metrics = await (await fetch(`http://127.0.0.1:${agentOpsPort}/metrics`)).text();
  if (!/^rolegate_feed_connected 1$/m.test(metrics))
    throw new Error('the agent is not connected to a server');
  for (const { name, role } of [...running, { name: MARKER, role: 'marked' }]) {
    const calls = world.callsOf(name);
    const { status, role: listed } = await createSdkClient(
      calls,
      'list and document',
      role,
    ).fetchCredentials();
    calls.close();
    if (status !== 200 || listed !== role) throw new Error(`${name} got ${status} for the role ${listed}`);
  }
}

/** Asks STS for the owners of the keys and returns those that belong to another role. */
export async function findForeignKeys({ sts }: ChaosWorld, keys: readonly SeenKey[]): Promise<string[]> {
  const foreign: string[] = [];
  for (const { pod, role, document } of keys) {
    const owner = await ownerOf(document, sts.url);
    if (!owner.includes(`:assumed-role/${role}/`)) foreign.push(`${pod} got a key of ${owner}`);
  }
  return foreign;
}
