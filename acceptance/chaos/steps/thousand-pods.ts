import { createPodCalls } from '../../pod-calls/pod-call.ts';
import { createSdkClient } from '../../pod-calls/sdk-call.ts';
import type { ChaosWorld } from '../world.ts';
import { createManyPods } from '../many-pods.ts';
import type { StepResult } from '../step.ts';

const PODS = 1_000;
const ROLES = 100;
const STS_MS = 50;
/** SDKs retry; this is still part of a Pod's start. Milliseconds. */
const GIVEN_UP_MS = 30_000;
const AGAIN_MS = 200;
/** Longer than SDKs wait, because one client process serves a thousand Pods. Milliseconds. */
const PATIENT_MS = 5_000;

/** A thousand Pods start on one node and send requests at the same time. */
export async function thousandPods(world: ChaosWorld): Promise<StepResult> {
  world.permit('many', 'many-.*');
  world.sts.latency(STS_MS);
  const pods = await createManyPods(world, { namespace: 'many', count: PODS, roles: ROLES });
  const startMs = performance.now();
  const asked = await Promise.all(pods.map(({ ip, role }) => untilServed(world, ip, role)));
  const times = asked.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const unserved = asked.filter(({ tookMs }) => tookMs === Infinity).length;
  const unexpected = asked.flatMap((pod) => pod.unexpected);
  const atFirst = asked.filter(({ attempts }) => attempts === 1).length;
  const calls = world.sts.calls.length;
  return {
    row: [
      `${PODS} Pods with ${ROLES} roles start on one node and send requests at the same time`,
      `all served after ${seconds(performance.now() - startMs)}: median ${seconds(times[PODS / 2])}, maximum ` +
        `${seconds(times.at(-1))}; ${atFirst} on the first try; ${calls} AssumeRole calls`,
      'all served, only 200 and 503, one AssumeRole call per session',
    ],
    problems: [
      ...(unserved > 0 ? [`${unserved} Pods were not served within ${seconds(GIVEN_UP_MS)}`] : []),
      ...(unexpected.length > 0
        ? [`${unexpected.length} unexpected answers, first ${unexpected[0] ?? ''}`]
        : []),
      ...(calls > ROLES ? [`${calls} calls for ${ROLES} sessions`] : []),
    ],
  };
}

async function untilServed({ programs }: ChaosWorld, ip: string, role: string) {
  const calls = createPodCalls({ ip, agent: programs.metadata, timeoutMs: PATIENT_MS });
  const sdk = createSdkClient(calls, 'list and document', role);
  const startMs = performance.now();
  const unexpected: string[] = [];
  let attempts = 0;
  while (performance.now() - startMs < GIVEN_UP_MS) {
    const { status, role: listed } = await sdk.fetchCredentials();
    attempts += 1;
    if (status === 200 && listed === role) {
      calls.close();
      return { tookMs: performance.now() - startMs, attempts, unexpected };
    }
    if (status !== 503) unexpected.push(`${status} as ${listed}`);
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
  calls.close();
  return { tookMs: Infinity, attempts, unexpected };
}

const seconds = (ms = NaN): string => `${(ms / 1000).toFixed(1)} s`;
