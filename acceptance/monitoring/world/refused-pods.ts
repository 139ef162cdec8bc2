import { setTimeout } from 'node:timers/promises';
import type { ChaosWorld } from '../../chaos/world.ts';
import { createPodCalls } from '../../pod-calls/pod-call.ts';

/** Pause between two requests of a Pod. Milliseconds. */
const PAUSE_MS = 400;
const CREDENTIALS = '/latest/meta-data/iam/security-credentials/';

/** A Pod whose requests are refused, for a different reason each. */
interface RefusedPod {
  readonly name: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly path: string;
}

const ROLE = 'iam.amazonaws.com/role';

const refusedPods: readonly RefusedPod[] = [
  // Permitted in audit mode.
  { name: 'not-permitted', annotations: { [ROLE]: 'admin' }, path: `${CREDENTIALS}admin` },
  {
    name: 'other-account',
    annotations: { [ROLE]: 'arn:aws:iam::999999999999:role/admin' },
    path: `${CREDENTIALS}arn:aws:iam::999999999999:role/admin`,
  },
  { name: 'bad-annotation', annotations: { [ROLE]: 'no role\n!' }, path: CREDENTIALS },
  { name: 'no-role', annotations: {}, path: CREDENTIALS },
  { name: 'other-role', annotations: { [ROLE]: 'app-0' }, path: `${CREDENTIALS}app-1` },
  { name: 'user-data', annotations: { [ROLE]: 'app-0' }, path: '/latest/user-data' },
];

/** Starts Pods that keep requesting what they do not get. Closed with the stack. */
export async function startRefusedPods(
  { node, programs }: ChaosWorld,
  stack: AsyncDisposableStack,
): Promise<void> {
  const stop = new AbortController();
  const asking: Promise<void>[] = [];
  for (const { name, annotations, path } of refusedPods) {
    const { ip } = await node.run({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'app', name, annotations },
    });
    asking.push(ask(ip, path));
  }

  async function ask(ip: string, path: string): Promise<void> {
    const calls = createPodCalls({ ip, agent: programs.metadata });
    while (!stop.signal.aborted) {
      await calls.call(path);
      await setTimeout(PAUSE_MS);
    }
    calls.close();
  }

  stack.defer(async () => {
    stop.abort();
    await Promise.all(asking);
  });
}
