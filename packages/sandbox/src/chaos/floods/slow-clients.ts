import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { keepAsking } from '../running-pods.ts';
import { kindsOf } from '../tally.ts';
import type { ChaosWorld } from '../world.ts';
import { runCrowd } from './crowd.ts';
import { quietPods } from './quiet-pods.ts';
import type { Shown } from '../shown.ts';

const SLOW_PODS = 50;
/** Fewer than a Pod may have. */
const CONNECTIONS_EACH = 30;
const LASTS_MS = 5_000;
/** One byte of a request at a time. Milliseconds. */
const BYTE_EVERY_MS = 500;
const REQUEST = 'GET /latest/meta-data/iam/security-credentials/ HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n';

/** Pods that open all the connections they may have and then say their requests byte by byte. */
export async function slowClients(world: ChaosWorld): Promise<Shown> {
  const pods = await quietPods(world);
  world.permit('slow', 'crowd-.*');
  const crowd = await runCrowd(world, { namespace: 'slow', count: SLOW_PODS, roles: 1 });
  const sockets = crowd.flatMap(({ ip }) =>
    Array.from({ length: CONNECTIONS_EACH }, () => {
      const socket = connect({ ...world.programs.metadata, localAddress: ip });
      socket.on('error', () => undefined);
      return socket;
    }),
  );
  let sent = 0;
  const timer = setInterval(() => {
    const byte = REQUEST[sent++ % REQUEST.length] ?? '';
    for (const socket of sockets) if (!socket.destroyed) socket.write(byte);
  }, BYTE_EVERY_MS);
  const asking = keepAsking(pods);
  await setTimeout(LASTS_MS);
  const { failures, requests } = await asking.stop();
  clearInterval(timer);
  const open = sockets.filter(({ destroyed }) => !destroyed).length;
  for (const socket of sockets) socket.destroy();
  return {
    row: [
      `${SLOW_PODS} Pods say their requests byte by byte on ${sockets.length} connections`,
      `${requests} requests of others, ${failures.length} failed; ${open} of the connections still open after ${LASTS_MS / 1000} s`,
      'no failure of the others',
    ],
    found: failures.length === 0 ? [] : [`the others: ${kindsOf(failures)}`],
  };
}
