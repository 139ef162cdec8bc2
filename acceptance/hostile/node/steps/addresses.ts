import { readFile, utimes } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCniResultsDir } from '@rolegate/testing';
import { podAddresses } from '../../../network/pod-links.ts';
import { attackStep } from '../step.ts';
import type { NodeStep, NodeWorld } from '../step.ts';
import type { AttackReport } from '../../watch/observations.ts';
import { clientOf, startHonestPod } from '../../watch/others.ts';

/** The runtime's JSON encodes `<` in six characters, so annotations of this size make a result of over 1 MB. */
const ANNOTATION_CHARACTERS = 200_000;
/** How long requests are sent from the reused address. Milliseconds. */
const ASKED_FOR_MS = 3_000;
const NOTICED_WITHIN_MS = 300;
/** Longer than two seconds, after which an agent without `reconcile` uses the Pod status. Milliseconds. */
const AWAY_MS = 4_000;
const HOUR_SECONDS = 3_600;

/** The new address of the former owner. */
const movedTo = podAddresses({ shape: 'bridge', index: 62 });

/** Sends requests from the reused address. The former owner's role is always a problem; the new one's is due at the end. */
async function requestAsNext(world: NodeWorld, forMs: number): Promise<string[]> {
  const { next, former } = world.pods;
  await using child = await startHonestPod(world, next);
  const stolen = `list: the role ${former.role}`;
  const endMs = performance.now() + forMs;
  let last: string | undefined;
  let asked = 0;
  let thefts = 0;
  do {
    last = await child.call.fetchOnce(clientOf(next));
    asked++;
    if (last === stolen) thefts++;
    await sleep(50);
  } while (performance.now() < endMs);
  return [
    ...(thefts === 0 ? [] : [`the former owner's role was returned in ${thefts} of ${asked} answers`]),
    ...(last === undefined ? [] : [`the new owner of the address is not served: ${last}`]),
  ];
}

/** The former owner moves to another address but leaves its first CNI result. `give` writes the new owner's result. */
async function handOn(world: NodeWorld, give: (leftOver: string) => Promise<string>): Promise<AttackReport> {
  const { cluster, cni, pods } = world;
  const { former, next } = pods;
  const { uid, namespace, name } = former.pod;
  const leftOver = await cni.add({ uid, namespace, name, ips: Object.values(former.pod.addresses) });
  const moved = { uid, namespace, name, ips: Object.values(movedTo), containerId: 'f'.repeat(64) };
  const newest = await cni.add(moved);
  await cluster.report({ ...former.pod, addresses: movedTo });
  const result = await give(leftOver);
  await cluster.report(next.pod);
  await sleep(NOTICED_WITHIN_MS);
  const problems = await requestAsNext(world, ASKED_FOR_MS);
  await cluster.delete(next.pod);
  for (const path of [result, newest]) await cni.remove(path);
  await cluster.giveAddress(former.pod);
  await cluster.report(former.pod);
  return { summary: 'an address was reused despite a leftover result', problems };
}

/** Encoded as in Go, in which containerd is written. */
async function writeLargeResult({ cni, pods }: NodeWorld): Promise<string> {
  const { uid, namespace, name, addresses } = pods.next.pod;
  const annotations = { padding: '<'.repeat(ANNOTATION_CHARACTERS) };
  await using draft = await createCniResultsDir();
  const path = await draft.add({ uid, namespace, name, ips: Object.values(addresses), annotations });
  const text = (await readFile(path, 'utf8')).replaceAll('<', String.raw`\u003c`);
  return await cni.writeRaw(basename(path), text);
}

async function writeResultAfterClockStep({ cni, pods }: NodeWorld, leftOver: string): Promise<string> {
  const ahead = Date.now() / 1_000 + HOUR_SECONDS;
  await utimes(leftOver, ahead, ahead);
  const { uid, namespace, name, addresses } = pods.next.pod;
  return cni.add({ uid, namespace, name, ips: Object.values(addresses) });
}

/** Attacks N5 and N6 on version 0.1. */
export const addressSteps: readonly NodeStep[] = [
  attackStep({
    title:
      'A Pod whose annotations make its CNI result larger than 1 MB does not get the role of the former owner of its address',
    run: (world) => handOn(world, () => writeLargeResult(world)),
  }),
  attackStep({
    title: 'A leftover CNI result dated one hour ahead does not give its address back to the former owner',
    run: (world) => handOn(world, (leftOver) => writeResultAfterClockStep(world, leftOver)),
  }),
  attackStep({
    title: 'A reused address is not given back to its former owner while reconcile is down',
    async run(world) {
      const { cluster, pods, programs } = world;
      const { former, next } = pods;
      await cluster.takeAddress(former.pod);
      await cluster.giveAddress(next.pod);
      await cluster.schedule(next.pod);
      const before = await requestAsNext(world, 500);
      await programs.reconcile.stop('kill');
      const during = (await requestAsNext(world, AWAY_MS)).filter((problem) =>
        problem.startsWith('the former'),
      );
      programs.reconcile.start();
      const after = await requestAsNext(world, ASKED_FOR_MS);
      await cluster.takeAddress(next.pod);
      await cluster.delete(next.pod);
      return {
        summary: `reconcile was down for ${AWAY_MS / 1_000} s`,
        problems: [...before, ...during, ...after],
        // Until the fallback starts, the agent knows no addresses.
        disruptsOthers: true,
      };
    },
  }),
];
