import { readFile } from 'node:fs/promises';
import { CREDENTIALS_PATH } from './asking.ts';
import type { Asking } from './asking.ts';
import { OPEN } from './test-pods.ts';

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

/** A Pod reaches the stand-in for the node's own metadata API; only looked at where there is one. */
export async function seesSentinel({
  asking,
  imdsLog,
  sentinel,
}: {
  asking: Asking;
  imdsLog: ImdsLog | undefined;
  sentinel: string;
}): Promise<void> {
  if (imdsLog === undefined) return;
  const { status, body } = await asking.metadata(OPEN, 'app', CREDENTIALS_PATH);
  if (!body.includes(sentinel)) throw new Error(`a Pod got ${status} ${body}`);
}

/** No Pod did, since the rules were laid. */
export async function nobodyReached(imdsLog: ImdsLog | undefined): Promise<void> {
  const lines = (await imdsLog?.news()) ?? [];
  if (lines.length > 0) throw new Error(`${lines.length} did: ${lines.slice(0, 5).join('\n')}`);
}
