import { createPodCalls } from '../../pod-calls/pod-call.ts';
import { createSdkCaller } from '../../pod-calls/sdk-call.ts';
import type { ChaosWorld } from '../world.ts';
import { runCrowd } from '../crowd.ts';
import type { Seen } from '../step.ts';

const PODS = 1_000;
const ROLES = 100;
const STS_MS = 50;
/** SDKs ask again; in a Pod's life this is still a start. Milliseconds. */
const GIVEN_UP_MS = 30_000;
const AGAIN_MS = 200;
/** One client machine for a thousand Pods: its own waits are not the agent's. Milliseconds. */
const PATIENT_MS = 5_000;

/** A thousand Pods come to one node at once, and all ask at once. */
export async function thousandPods(world: ChaosWorld): Promise<Seen> {
  world.permit('crowd', 'crowd-.*');
  world.sts.latency(STS_MS);
  const pods = await runCrowd(world, { namespace: 'crowd', count: PODS, roles: ROLES });
  const startMs = performance.now();
  const asked = await Promise.all(pods.map(({ ip, role }) => untilServed(world, ip, role)));
  const times = asked.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const unserved = asked.filter(({ tookMs }) => tookMs === Infinity).length;
  const odd = asked.flatMap((one) => one.odd);
  const atFirst = asked.filter(({ looks }) => looks === 1).length;
  const calls = world.sts.calls.length;
  return {
    row: [
      `${PODS} Pods of ${ROLES} roles come to one node and ask at once`,
      `all served ${seconds(performance.now() - startMs)} later: median ${seconds(times[PODS / 2])}, worst ` +
        `${seconds(times.at(-1))}; ${atFirst} at the first try; ${calls} AssumeRole`,
      'all served, no answer but 200 and 503, one AssumeRole a session',
    ],
    faults: [
      ...(unserved > 0 ? [`${unserved} Pods were not served within ${seconds(GIVEN_UP_MS)}`] : []),
      ...(odd.length > 0 ? [`${odd.length} odd answers, first ${odd[0] ?? ''}`] : []),
      ...(calls > ROLES ? [`${calls} calls for ${ROLES} sessions`] : []),
    ],
  };
}

async function untilServed({ programs }: ChaosWorld, ip: string, role: string) {
  const calls = createPodCalls({ ip, agent: programs.metadata, timeoutMs: PATIENT_MS });
  const sdk = createSdkCaller(calls, 'list and document', role);
  const startMs = performance.now();
  const odd: string[] = [];
  let looks = 0;
  while (performance.now() - startMs < GIVEN_UP_MS) {
    const { status, role: listed } = await sdk.look();
    looks += 1;
    if (status === 200 && listed === role) {
      calls.close();
      return { tookMs: performance.now() - startMs, looks, odd };
    }
    if (status !== 503) odd.push(`${status} as ${listed}`);
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
  calls.close();
  return { tookMs: Infinity, looks, odd };
}

const seconds = (ms = NaN): string => `${(ms / 1000).toFixed(1)} s`;
