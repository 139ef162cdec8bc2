import { serverFlags } from '@rolegate/sandbox';
import { describeError } from '@rolegate/runtime';
import { freePort } from '@rolegate/testing';
import { openCgroups } from '../../cgroups/cgroups.ts';
import type { Group } from '../../cgroups/group.ts';
import type { Bundle } from '../bundle.ts';
import { cpuMs, memoryOf } from '../process-usage.ts';
import type { Memory } from '../process-usage.ts';
import type { BenchWorld } from '../world.ts';

/** What a container of a large cluster gets. */
const LIMIT_BYTES = 1024 ** 3;
const READY_WITHIN_MS = 180_000;
/** The replicas share one core; everything simulated has the other. */
export const REPLICA_CORE = '0';
export const SIMULATOR_CORE = '1';

export interface ReplicaStart {
  readonly kubeconfig: string;
  readonly stsEndpoint: string;
}

export interface Replica {
  readonly port: number;
  readonly attestPort: number;
  readonly start: (start: ReplicaStart) => void;
  /** Resolves to milliseconds since the start. */
  readonly untilReady: () => Promise<number>;
  readonly stop: () => Promise<void>;
  readonly kill: () => Promise<void>;
  readonly cpuMs: () => Promise<number>;
  readonly memory: () => Promise<ReplicaMemory>;
}

export interface ReplicaMemory extends Memory {
  /** What counts against the container's limit. MiB; NaN without control groups. */
  readonly group: number;
}

/** Servers with fixed ports, each in a control group with the memory limit of a container, all on one core. */
export async function openReplicas(
  { bundles }: BenchWorld,
  count: number,
  stack: AsyncDisposableStack,
): Promise<readonly Replica[]> {
  const cgroups = await openCgroups(`rolegate-scale-${process.pid}`).catch(describeError);
  if (typeof cgroups !== 'string') stack.use(cgroups);
  const replicas: Replica[] = [];
  for (let index = 0; index < count; index++) {
    const group =
      typeof cgroups === 'string'
        ? undefined
        : await cgroups.make({ name: `replica-${index}`, memoryBytes: LIMIT_BYTES, cpuWeight: 100 });
    replicas.push(await prepareReplica(bundles, group, stack));
  }
  return replicas;
}

async function prepareReplica(
  bundles: BenchWorld['bundles'],
  group: Group | undefined,
  stack: AsyncDisposableStack,
): Promise<Replica> {
  const ports = { port: await freePort(), opsPort: await freePort() };
  const attestPort = await freePort();
  let bundle: Bundle | undefined;
  const stop = async () => bundle?.[Symbol.asyncDispose]();
  stack.defer(stop);

  function running(): Bundle {
    if (bundle === undefined) throw new Error('the replica has not been started');
    return bundle;
  }

  return {
    port: ports.port,
    attestPort,
    start(start) {
      bundle = bundles.start({
        name: 'server',
        through: [...(group?.enter ?? []), 'taskset', '-c', REPLICA_CORE],
        readyWithinMs: READY_WITHIN_MS,
        env: {
          AWS_ACCESS_KEY_ID: 'AKIAROLEGATEBENCH000',
          AWS_SECRET_ACCESS_KEY: 'of the server',
        },
        words: [
          ...serverFlags({ ...start, clusterName: 'bench' }, ports),
          '--namespace',
          'rolegate',
          '--attest-bind',
          `127.0.0.1:${attestPort}`,
        ],
      });
    },
    untilReady: () => running().untilAnswers(ports.opsPort),
    stop,
    kill: () => running().kill(),
    cpuMs: () => cpuMs(running().pid),
    memory: async () => ({
      ...(await memoryOf(running().pid)),
      group: group === undefined ? NaN : (await group.usedBytes()) / 1024 ** 2,
    }),
  };
}
