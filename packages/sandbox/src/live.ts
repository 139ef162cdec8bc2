import { aborted, describeError } from '@rolegate/runtime';
import { describePod, describePods, STARTING } from './describe-pods.ts';
import { readManifests, watchManifests } from './manifests.ts';
import { startWorld } from './world.ts';

/** Runs the system until Ctrl-C. Prints its Pods and commands to try, then follows the agent's log. */
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
  let following = false;
  print(STARTING);
  await using world = await startWorld({
    onAgentLine: (line) => {
      if (following) print(line);
    },
    containerCredentials: true,
  });
  await world.apply(manifests);
  print(describePods(world, folder));
  following = true;
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
