import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { Recover } from '../../chaos/port-faults.ts';
import type { ChaosWorld } from '../../chaos/world.ts';
import { createSdkClient } from '../../pod-calls/sdk-call.ts';

/** Pause of a Pod after it got no credentials. Milliseconds. */
const AGAIN_AFTER_MS = 1_000;
const MOST_TRIES = 60;
/** More than a Pod may have. */
const TOO_MANY = 300;

/** Starts Pods with new roles, which ask until they have credentials. */
export async function startPods(
  world: ChaosWorld,
  { from, count }: { readonly from: number; readonly count: number },
): Promise<undefined> {
  // One after the other, because the node gives an address that is free at the time.
  for (let at = from; at < from + count; at++) {
    const [name, role] = [`app/batch-${at}`, `batch-${at}`];
    await world.run(name, role);
    void askUntilServed(world, name, role);
  }
}

async function askUntilServed(world: ChaosWorld, name: string, role: string): Promise<void> {
  const calls = world.callsOf(name);
  const sdk = createSdkClient(calls, 'new token each time', role);
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    if ((await sdk.fetchCredentials()).status === 200) break;
    await setTimeout(AGAIN_AFTER_MS, undefined, { ref: false });
  }
  calls.close();
}

/** One Pod opens too many connections, and a Pod of a Namespace that does not exist waits with too many requests. */
export async function useUpLimits(world: ChaosWorld): Promise<Recover> {
  const { host, port } = world.programs.metadata;
  await world.run('app/greedy', 'app-0');
  await world.run('missing/waiting', 'app-0');
  const localAddress = world.node.pod('Pod app/greedy')?.ip ?? '';
  const sockets = Array.from({ length: TOO_MANY }, () =>
    connect({ host, port, localAddress }).on('error', () => undefined),
  );
  const calls = world.callsOf('missing/waiting');
  const waiting = Array.from({ length: TOO_MANY }, () =>
    calls.call('/latest/meta-data/iam/security-credentials/'),
  );
  return async () => {
    await Promise.all(waiting);
    calls.close();
    for (const socket of sockets) socket.destroy();
  };
}
