import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** kubelet looks once a minute; a test has less time. Milliseconds. */
const LOOK_MS = 500;

export interface MountedBundle extends AsyncDisposable {
  /** As a container sees it. */
  readonly path: string;
  /** What it holds now; '' until there is one. */
  readonly pem: () => string;
}

/** Keeps a file as kubelet keeps a mounted ConfigMap: a folder for each version, and a link that is swapped. */
export async function mountBundle({
  folder,
  read,
}: {
  readonly folder: string;
  /** The ConfigMap's `ca.crt`; undefined: there is none. */
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
      // An API server that is away: what was mounted stays.
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
