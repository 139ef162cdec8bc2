import { eventually } from '@rolegate/testing';
import { hammerFrom, sendFrom, podRequest } from '../send-from-pod.ts';
import { httpRequest } from '../pod-tasks.ts';
import type { AttachedPod, PodCase } from '../pods.ts';
import { inMode } from '../step.ts';
import type { NetnsStep } from '../step.ts';
import { shorten, expectNoProblems } from '../checks.ts';
import type { NetnsWorld } from '../world.ts';

const LIST = '/latest/meta-data/iam/security-credentials/';
const SOON = { withinMs: 15_000, everyMs: 100 };
/** Milliseconds. */
const HAMMER_MS = 3_000;
/** Keeps four workers below the limit of 200 new connections a second. Milliseconds. */
const PAUSE_MS = 20;

function caseOf(name: string): PodCase {
  return {
    name,
    namespace: 'open',
    shape: 'calico',
    listed: { role: `team/${name}` },
    annotations: { 'iam.amazonaws.com/role': `team/${name}` },
  };
}

const get = (target: string) => podRequest('ipv4', target, httpRequest({ target, host: '169.254.169.254' }));

/** The runtime reuses the address of an ended Pod immediately. */
function handover(serverIs: 'up' | 'down'): NetnsStep {
  return {
    title: `A reused address never yields the former Pod's credentials, with the server ${serverIs}`,
    async run(world) {
      const [old, heir] = [`former-${serverIs}`, `heir-${serverIs}`];
      const former = await world.network.attach(caseOf(old));
      await world.cluster.giveAddress(former.pod);
      await world.cluster.report(former.pod);
      const key = await eventually(() => keyOf(former, old), SOON);
      if (serverIs === 'down') await world.state.running('server').kill();
      const next = await handOn(world, former, heir);
      const task = {
        atOnce: 4,
        forMs: HAMMER_MS,
        pauseMs: PAUSE_MS,
        forbidden: [key, `team/${old}`],
      };
      const requests = [get(LIST), get(`${LIST}team/${old}`), get(`${LIST}team/${heir}`)];
      const { asked, ends, forbidden } = await hammerFrom(former.enter, { ...task, requests });
      expectNoProblems(forbidden.map((text) => `after ${asked} requests: ${shorten(text)}`));
      if (serverIs === 'up') await eventually(() => keyOf(former, heir), SOON);
      else if (ends['200'] !== undefined) throw new Error(`${ends['200']} answers for an unknown Pod`);
      await world.cluster.takeAddress(next);
      return `${asked} requests: ${JSON.stringify(ends)}`;
    },
  };
}

/** Keeps the network namespace: for the agent, a new Pod has the old Pod's address. */
async function handOn(
  { cluster }: NetnsWorld,
  { pod }: AttachedPod,
  heir: string,
): Promise<AttachedPod['pod']> {
  const next = cluster.pod(caseOf(heir), pod.addresses);
  await cluster.schedule(next);
  await cluster.takeAddress(pod);
  await cluster.giveAddress(next);
  await cluster.report(next);
  // The kubelet reports the end late.
  setTimeout(() => void cluster.delete(pod), HAMMER_MS / 2);
  return next;
}

/** The access key of the role's credentials. Throws if the Pod does not get them. */
async function keyOf({ enter }: AttachedPod, name: string): Promise<string> {
  const requests = [get(`${LIST}team/${name}`)];
  const [answers] = await sendFrom(enter, { kind: 'tcp', requests, atOnce: 1, silenceMs: 3_000 });
  const key = /"AccessKeyId"\s*:\s*"(\w+)"/.exec(answers?.text ?? '')?.[1];
  if (key === undefined)
    throw new Error(`team/${name}: ${answers?.end ?? ''} ${shorten(answers?.text ?? '')}`);
  return key;
}

export const handoverSteps = inMode('up', [handover('up'), handover('down')]);
