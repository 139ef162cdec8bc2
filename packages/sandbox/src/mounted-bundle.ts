import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** kubelet checks once a minute; a test has less time. Milliseconds. */
const LOOK_MS = 500;

export interface MountedBundle extends AsyncDisposable {
  /** The path that a container sees. */
  readonly path: string;
  /** The current content, or '' if there is none yet. */
  readonly pem: () => string;
}

/** Maintains a file like kubelet's mounted ConfigMaps: a folder per version and a link that is swapped. */
export async function mountBundle({
  folder,
  read,
}: {
  readonly folder: string;
  /** The ConfigMap's `ca.crt`. Undefined if there is none. */
  readonly read: () => Promise<string | undefined>;
}): Promise<MountedBundle> {
  await mkdir(folder, { recursive: true });
  await symlink('..data/ca.crt', join(folder, 'ca.crt'));
  let pem = '';
  let version = 0;

  async function look(): Promise<void> {
    const now = (await read()) ?? '';
    if (now === '' || now === pem) return;
    version += 1;
    await mkdir(join(folder, `..${version}`));
    await writeFile(join(folder, `..${version}`, 'ca.crt'), now);
    await symlink(`..${version}`, join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    pem = now;
  }

  const stop = new AbortController();
  const running = (async () => {
    while (!stop.signal.aborted) {
      // While the API server is down, the mounted file stays.
      await look().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  })();
  return {
    path: join(folder, 'ca.crt'),
    pem: () => pem,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}
