import { once } from 'node:events';
import { describeError } from '@rolegate/runtime';
import { describePods } from './describe-pods.ts';
import { readManifests, watchManifests } from './manifests.ts';
import { startWorld } from './world.ts';

/** Shows the system at work until Ctrl-C: its Pods, what to try, then the agent's log as it comes. */
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
          print('manifests applied');
        })
        .catch((error: unknown) => {
          print(`manifests not applied: ${describeError(error)}`);
        });
    },
    stop.signal,
  );
  await interrupted;
  return 0;
}
