import { CREDENTIALS_PATH } from './asking.ts';
import type { Asking } from './asking.ts';
import type { ImdsLog } from './imds-log.ts';
import { OPEN } from './test-pods.ts';

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
