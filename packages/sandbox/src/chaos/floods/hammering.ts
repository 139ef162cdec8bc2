import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { keepAsking } from '../running-pods.ts';
import type { RunningPod } from '../running-pods.ts';
import { kindsOf } from '../tally.ts';
import type { ChaosWorld } from '../world.ts';
import { quietPods } from './quiet-pods.ts';
import type { Shown } from '../shown.ts';

const LASTS_MS = 4_000;
/** As many connections as the agent drops, and requests on each as fast as it answers. */
const CONNECTIONS = 80;
const REQUEST = 'GET /latest/meta-data/iam/security-credentials/ HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n';

/** One Pod asks as fast as it can on as many connections as it gets; the others ask as before. */
export async function hammering(world: ChaosWorld): Promise<Shown> {
  const pods = await quietPods(world);
  const alone = await rateOf(pods);
  world.permit('rude', 'rude');
  await world.run('rude/pod', 'rude');
  const hammer = startHammer(world.node.pod('Pod rude/pod')?.ip ?? '', world.programs.metadata);
  const beside = await rateOf(pods);
  const sent = hammer.stop();
  const failures = [...alone.failures, ...beside.failures];
  const ratio = beside.rate / alone.rate;
  return {
    row: [
      `one Pod asks on ${CONNECTIONS} connections without a pause`,
      `it got ${Math.round(sent / (LASTS_MS / 1000))} answers a second; the others none but 200, at ${ratio.toFixed(2)} of their speed before`,
      'no 503 for the others',
    ],
    found: failures.length === 0 ? [] : [`the others: ${kindsOf(failures)}`],
  };
}

async function rateOf(pods: readonly RunningPod[]) {
  const asking = keepAsking(pods);
  await setTimeout(LASTS_MS);
  const { requests, failures } = await asking.stop();
  return { rate: requests, failures };
}

function startHammer(ip: string, to: { host: string; port: number }): { stop(): number } {
  let answers = 0;
  let over = false;
  const open = () => {
    const socket = connect({ ...to, localAddress: ip });
    socket.on('connect', () => socket.write(REQUEST));
    socket.on('data', (chunk) => {
      answers += chunk.toString('latin1').split('HTTP/1.1 ').length - 1;
      socket.write(REQUEST);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      if (!over) setImmediate(open);
    });
    sockets.add(socket);
  };
  const sockets = new Set<ReturnType<typeof connect>>();
  for (let at = 0; at < CONNECTIONS; at++) open();
  return {
    stop() {
      over = true;
      for (const socket of sockets) socket.destroy();
      return answers;
    },
  };
}
