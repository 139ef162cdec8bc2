import { readFile } from 'node:fs/promises';

/** The lines of the stand-in's log that others than the node wrote; each begins with the address that asked. */
export function createImdsLog({ path, nodeIps }: { path: string; nodeIps: readonly string[] }) {
  async function fromPods(): Promise<readonly string[]> {
    const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
    return lines.filter((line) => !nodeIps.includes(line.split(' ', 1)[0] ?? ''));
  }
  let seen = 0;
  return {
    /** What was there before does not count. */
    async mark(): Promise<void> {
      seen = (await fromPods()).length;
    },
    /** Since the mark. */
    news: async (): Promise<readonly string[]> => (await fromPods()).slice(seen),
  };
}

export type ImdsLog = ReturnType<typeof createImdsLog>;
