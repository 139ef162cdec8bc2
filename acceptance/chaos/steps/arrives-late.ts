import { setTimeout } from 'node:timers/promises';
import { follow, hasStatus, inForceWithin, served } from '../follow.ts';
import type { RunningWorld } from '../running-worlds.ts';
import type { Seen } from '../step.ts';

/** The watch of Pods is ahead of the others for so long. Milliseconds. */
const AHEAD_MS = 2_000;
/** DESIGN.md 4.10. Milliseconds. */
const IN_FORCE_WITHIN_MS = 1_000;
const GIVEN_UP_MS = 15_000;

/** A Pod is there before its Namespace, and another before the ServiceAccount that names its role. */
export async function arrivesLate({ world }: RunningWorld): Promise<Seen> {
  const { api, node } = world;
  await node.run(pod('unborn', { 'iam.amazonaws.com/role': 'new-unborn' }, 'default'));
  world.permit('young', 'new-[a-z]+');
  await node.run(pod('young', {}, 'own'));
  const before = hasStatus(503);
  const late = [
    follow({ calls: world.callsOf('unborn/pod'), role: '', until: served('new-unborn'), before }),
    follow({ calls: world.callsOf('young/pod'), role: '', until: served('new-young'), before }),
  ];
  await setTimeout(AHEAD_MS);
  const early = late.some(({ inForceAtMs }) => inForceAtMs !== undefined);
  const arrivedMs = performance.now();
  world.permit('unborn', 'new-[a-z]+');
  const annotations = { 'iam.amazonaws.com/role': 'new-young' };
  api.apply({ kind: 'ServiceAccount', metadata: { namespace: 'young', name: 'own', annotations } });
  await inForceWithin(late, GIVEN_UP_MS);
  const times = late.map(({ inForceAtMs = Infinity }) => Math.round(inForceAtMs - arrivedMs));
  for (const name of ['unborn', 'young']) await world.end(`${name}/pod`);
  const odd = late.flatMap((one) => one.odd);
  return {
    row: [
      `a Pod is ${AHEAD_MS / 1000} s before its Namespace, one before its ServiceAccount`,
      `held meanwhile, never refused; served ${times.join(' and ')} ms after what they waited for`,
      `${IN_FORCE_WITHIN_MS} ms, no answer but 503`,
    ],
    faults: [
      ...(early ? ['a Pod was served before it could be'] : []),
      ...(Math.max(...times) > IN_FORCE_WITHIN_MS ? [`served only after ${times.join(' and ')} ms`] : []),
      ...(odd.length > 0 ? [`${odd.length} odd answers, first ${odd[0] ?? ''}`] : []),
    ],
  };
}

function pod(namespace: string, annotations: Readonly<Record<string, string>>, serviceAccountName: string) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name: 'pod', annotations },
    spec: { serviceAccountName },
  };
}
