import { readImageFlags } from '../chart-programs/image-flags.ts';
import type { ImageFlags } from '../chart-programs/image-flags.ts';
import { cniSocketIn, createReconcile } from '../chaos/reconcile.ts';
import { createRunningWorlds } from '../chaos/running-worlds.ts';
import type { RunningWorld } from '../chaos/running-worlds.ts';
import type { ChaosWorldOptions } from '../chaos/world-programs.ts';
import type { SoakWorld } from './faults/soak-fault.ts';
import { CALL_TIMEOUT_MS } from './calls.ts';
import { SESSION_SECONDS } from './sessions.ts';
import { probeFlags } from './watch/probe.ts';

export interface SoakWorldOptions {
  /** For the sockets of the probes. */
  readonly folder: string;
  /** This process is root in a network namespace of its own. */
  readonly hasReconcile: boolean;
  readonly onLine: (program: string, line: string) => void;
}

/** Runs in a world of two servers, an agent that saves its state, and `reconcile`, with the flags and environment of the images. */
export async function useSoakWorld<Result extends { readonly problems: readonly string[] }>(
  { folder, hasReconcile, onLine }: SoakWorldOptions,
  run: (world: SoakWorld) => Promise<Result>,
): Promise<Result> {
  await using stack = new AsyncDisposableStack();
  const probe = probeFlags(folder);
  const images = { agent: await readImageFlags('agent'), server: await readImageFlags('server') };
  const startOf = ({ node, env }: ImageFlags) => ({ nodeFlags: [...node, ...probe], env });
  const reconcile = hasReconcile
    ? createReconcile(
        {
          runtime: startOf(images.agent),
          onLine: (line) => {
            onLine('reconcile', line);
          },
        },
        stack,
      )
    : undefined;
  const options: ChaosWorldOptions = {
    agentFlags: (worldFolder) => ['--state-dir', `${worldFolder}/state`],
    runtime: (name) => startOf(images[name]),
    onLine,
    onPrepared: async (prepared) => {
      prepared.sts.limitLifetime(SESSION_SECONDS);
      await reconcile?.prepare(prepared);
    },
    ...(reconcile && { cniSocket: cniSocketIn }),
  };
  await using worlds = createRunningWorlds(options);
  return await worlds.use(async ({ world, running: pods }: RunningWorld) => {
    const running = pods.map((pod, at) => ({
      ...pod,
      calls: world.callsOf(pod.name, { keepAlive: at % 2 === 1, timeoutMs: CALL_TIMEOUT_MS }),
    }));
    try {
      return await run({ world, running, reconcile });
    } finally {
      for (const { calls } of running) calls.close();
    }
  });
}
