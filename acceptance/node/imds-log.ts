import { readFile } from 'node:fs/promises';
import { CREDENTIALS_PATH } from './curl-from-pod.ts';
import type { PodCurl } from './curl-from-pod.ts';
import { PERMITTED_NAMESPACE } from './test-pods.ts';

/** Requests of Pods in the log of the stand-in for the node's metadata API. Each line starts with the client's address. */
export function createImdsLog({ path, nodeIps }: { path: string; nodeIps: readonly string[] }) {
  async function fromPods(): Promise<readonly string[]> {
    const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
    return lines.filter((line) => !nodeIps.includes(line.split(' ', 1)[0] ?? ''));
  }
  let marked = 0;
  return {
    /** Ignores all lines up to now. */
    async mark(): Promise<void> {
      marked = (await fromPods()).length;
    },
    /** Lines since `mark`. */
    linesSinceMark: async (): Promise<readonly string[]> => (await fromPods()).slice(marked),
  };
}

export type ImdsLog = ReturnType<typeof createImdsLog>;

/** Throws if a Pod does not reach the stand-in for the node's metadata API. Does nothing without a stand-in. */
export async function expectSentinel({
  curl,
  imdsLog,
  sentinel,
}: {
  curl: PodCurl;
  imdsLog: ImdsLog | undefined;
  sentinel: string;
}): Promise<void> {
  if (imdsLog === undefined) return;
  const { status, body } = await curl.metadata(PERMITTED_NAMESPACE, 'app', CREDENTIALS_PATH);
  if (!body.includes(sentinel)) throw new Error(`a Pod got ${status} ${body}`);
}

/** Throws if a Pod has reached the node's metadata API since `mark`. */
export async function expectNotReached(imdsLog: ImdsLog | undefined): Promise<void> {
  const lines = (await imdsLog?.linesSinceMark()) ?? [];
  if (lines.length > 0)
    throw new Error(`${lines.length} requests of Pods reached it: ${lines.slice(0, 5).join('\n')}`);
}
