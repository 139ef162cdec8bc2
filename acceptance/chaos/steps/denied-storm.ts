import { setTimeout } from 'node:timers/promises';
import { createPodCalls } from '../../pod-calls/pod-call.ts';
import { sumOfMetric } from '../metrics.ts';
import type { ChaosWorld } from '../world.ts';
import { createManyPods } from '../many-pods.ts';
import type { StepResult } from '../step.ts';

const PODS = 20;
const DENIALS = 10_000;
const AT_ONCE = 10;
/** How often the reason for the denial changes. */
const CHANGES = 5;
/** The server posts a burst of 50 Events, then 10 a second. */
const MOST_EVENTS = PODS * 2;

/** Denied Pods send ten thousand requests, and then their Namespace changes several times. */
export async function deniedStorm(world: ChaosWorld): Promise<StepResult> {
  world.permit('denied', 'nothing');
  const pods = await createManyPods(world, { namespace: 'denied', count: PODS, roles: PODS });
  const clients = pods.flatMap(({ ip, role }) =>
    Array.from({ length: AT_ONCE / 2 }, () => ({
      role,
      calls: createPodCalls({ ip, agent: world.programs.metadata, keepAlive: true, timeoutMs: 5_000 }),
    })),
  );
  let denied = 0;
  const others: string[] = [];
  await Promise.all(
    clients.map(async ({ calls, role }) => {
      while (denied + others.length < DENIALS) {
        const { status, body } = await calls.call(`/latest/meta-data/iam/security-credentials/${role}`);
        if (status === 403) denied += 1;
        else if (status !== 503) others.push(`${status} ${body}`);
      }
      calls.close();
    }),
  );
  for (let change = 0; change < CHANGES; change++) {
    world.permit('denied', `nothing-${change}`);
    await setTimeout(200);
  }
  await setTimeout(1_000);
  const events = world.api.events.length;
  const decisions = await sumOfMetric(world.programs.opsPorts, 'rolegate_decisions_total', /NamespaceDenied/);
  return {
    row: [
      `${PODS} denied Pods send at least ${DENIALS} requests; their Namespace changes ${CHANGES} times`,
      `${denied} × 403; ${events} Events at the API server, for ${decisions} decisions`,
      `at most ${MOST_EVENTS} Events`,
    ],
    problems: [
      ...(events > MOST_EVENTS || events < PODS ? [`${events} Events for ${PODS} Pods`] : []),
      ...(others.length > 0
        ? [
            `${others.length} answers were neither 403 nor 503, such as ${[...new Set(others)].slice(0, 3).join(', ')}`,
          ]
        : []),
    ],
  };
}
