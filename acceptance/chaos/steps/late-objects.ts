import { setTimeout } from 'node:timers/promises';
import { followChange, hasStatus, inForceWithin, served } from '../follow-change.ts';
import type { RunningWorld } from '../running-worlds.ts';
import type { StepResult } from '../step.ts';

/** How long the Pods exist before their Namespace or ServiceAccount. Milliseconds. */
const AHEAD_MS = 2_000;
/** DESIGN.md 4.10. Milliseconds. */
const IN_FORCE_WITHIN_MS = 1_000;
const GIVEN_UP_MS = 15_000;

/** A Pod is created before its Namespace, and another before the ServiceAccount that names its role. */
export async function lateObjects({ world }: RunningWorld): Promise<StepResult> {
  const { api, node } = world;
  await node.run(pod('unborn', { 'iam.amazonaws.com/role': 'new-unborn' }, 'default'));
  world.permit('young', 'new-[a-z]+');
  await node.run(pod('young', {}, 'own'));
  const before = hasStatus(503);
  const late = [
    followChange({ calls: world.callsOf('unborn/pod'), role: '', until: served('new-unborn'), before }),
    followChange({ calls: world.callsOf('young/pod'), role: '', until: served('new-young'), before }),
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
  const unexpected = late.flatMap((change) => change.unexpected);
  return {
    row: [
      `a Pod exists ${AHEAD_MS / 1000} s before its Namespace, another before its ServiceAccount`,
      `requests held, never refused; served ${times.join(' and ')} ms after the missing object was created`,
      `${IN_FORCE_WITHIN_MS} ms, only 503 before`,
    ],
    problems: [
      ...(early ? ['a Pod was served too early'] : []),
      ...(Math.max(...times) > IN_FORCE_WITHIN_MS ? [`served only after ${times.join(' and ')} ms`] : []),
      ...(unexpected.length > 0
        ? [`${unexpected.length} unexpected answers, first ${unexpected[0] ?? ''}`]
        : []),
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
