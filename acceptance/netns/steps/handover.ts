import { eventually } from '@rolegate/testing';
import { hammerFrom, sendFrom, sentTo } from '../asking.ts';
import { httpRequest } from '../pod-orders.ts';
import type { AttachedPod, PodCase } from '../pods.ts';
import { inMode } from '../step.ts';
import type { NetnsStep } from '../step.ts';
import { cutShort, expectNone } from '../verdicts.ts';
import type { NetnsWorld } from '../world.ts';

const LIST = '/latest/meta-data/iam/security-credentials/';
const SOON = { withinMs: 15_000, everyMs: 100 };
/** Milliseconds. */
const HAMMER_MS = 3_000;
/** Four at a time with this pause stay below 200 new connections a second: an address that is refused sees nothing. Milliseconds. */
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

const get = (target: string) => sentTo('ipv4', target, httpRequest({ target, host: '169.254.169.254' }));

/** The runtime gives the address of a Pod that has ended to the next at once. */
function handover(serverIs: 'up' | 'away'): NetnsStep {
  return {
    title: `an address handed on never yields the former Pod's credentials, with the server ${serverIs}`,
    async run(world) {
      const [old, heir] = [`former-${serverIs}`, `heir-${serverIs}`];
      const former = await world.network.attach(caseOf(old));
      await world.cluster.giveAddress(former.pod);
      await world.cluster.report(former.pod);
      const key = await eventually(() => keyOf(former, old), SOON);
      if (serverIs === 'away') await world.state.running('server').kill();
      const next = await handOn(world, former, heir);
      const order = {
        atOnce: 4,
        forMs: HAMMER_MS,
        pauseMs: PAUSE_MS,
        forbidden: [key, `team/${old}`],
      };
      const sent = [get(LIST), get(`${LIST}team/${old}`), get(`${LIST}team/${heir}`)];
      const { asked, ends, forbidden } = await hammerFrom(former.enter, { ...order, sent });
      expectNone(forbidden.map((text) => `after ${asked} requests: ${cutShort(text)}`));
      if (serverIs === 'up') await eventually(() => keyOf(former, heir), SOON);
      else if (ends['200'] !== undefined)
        throw new Error(`${ends['200']} answers for a Pod that nobody knows`);
      await world.cluster.takeAddress(next);
      return `asked ${asked} times: ${JSON.stringify(ends)}`;
    },
  };
}

/** The network stays where it is: to everybody else it is as if a new Pod had the old one's address. */
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
  // The kubelet tells of the end only now.
  setTimeout(() => void cluster.delete(pod), HAMMER_MS / 2);
  return next;
}

/** The access key of the role's credentials. Throws where the Pod does not get them. */
async function keyOf({ enter }: AttachedPod, name: string): Promise<string> {
  const sent = [get(`${LIST}team/${name}`)];
  const [came] = await sendFrom(enter, { kind: 'tcp', sent, atOnce: 1, silenceMs: 3_000 });
  const key = /"AccessKeyId"\s*:\s*"(\w+)"/.exec(came?.text ?? '')?.[1];
  if (key === undefined) throw new Error(`team/${name}: ${came?.end ?? ''} ${cutShort(came?.text ?? '')}`);
  return key;
}

export const handoverSteps = inMode('up', [handover('up'), handover('away')]);
