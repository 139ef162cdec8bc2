import { once } from 'node:events';
import { describeError } from '@rolegate/runtime';
import { describePods } from './describe-pods.ts';
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
  const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]).then(() => {
    stop.abort();
  });
  const manifests = await readManifests(folder);
  let following = false;
  await using world = await startWorld({
    onAgentLine: (line) => {
      if (following) print(line);
    },
  });
  await world.apply(manifests);
  print(describePods(world, folder));
  following = true;
  watchManifests(
    folder,
    () => {
      void readManifests(folder)
        .then(world.apply)
        .then(() => {
          print('Manifests applied.');
        })
        .catch((error: unknown) => {
          print(`Manifests not applied: ${describeError(error)}`);
        });
    },
    stop.signal,
  );
  await interrupted;
  return 0;
}
