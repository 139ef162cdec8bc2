import { aborted, describeError } from '@rolegate/runtime';
import { startProcess } from '@rolegate/testing';
import { describePod, describePods, STARTING } from './describe-pods.ts';
import { readManifests, watchManifests } from './manifests.ts';
import { pluginOf } from './plugin.ts';
import { startWorld } from './world.ts';
import type { World } from './world.ts';

/** Runs the system until Ctrl-C. Prints its Pods and commands to try, then follows the logs. */
export async function live({
  folder,
  print,
}: {
  folder: string;
  print: (text: string) => void;
}): Promise<number> {
  const stop = new AbortController();
  // The listeners stay: without them, a second signal would end this process before its programs.
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      stop.abort();
    });
  const manifests = await readManifests(folder);
  print(STARTING);
  await using world = await startWorld({
    onAgentLine: () => undefined,
    containerCredentials: true,
    programPods: true,
  });
  await world.apply(manifests);
  print(describePods(world, folder));
  await using logs = new AsyncDisposableStack();
  logs.defer(followLogs(world));
  let known = world.node.pods.map(({ uid }) => uid);
  const newPods = () => {
    const before = new Set(known);
    known = world.node.pods.map(({ uid }) => uid);
    return world.node.pods
      .filter(({ uid }) => !before.has(uid))
      .map((pod) => `New Pod: ${describePod(pod, world)}.`);
  };
  watchManifests(
    folder,
    () => {
      void readManifests(folder)
        .then(world.apply)
        .then(() => {
          print(['Manifests applied.', ...newPods()].join(' '));
        })
        .catch((error: unknown) => {
          print(`Manifests not applied: ${describeError(error)}`);
        });
    },
    stop.signal,
  );
  await aborted(stop.signal);
  return 0;
}

/** Prints new log lines of all programs on this terminal. Returns how to stop. */
function followLogs(world: World): () => Promise<void> {
  const command = [pluginOf(world), 'logs', '--follow', '--since', '1s'];
  return startProcess(command, { env: process.env, output: process.stdout.fd }).stop;
}
