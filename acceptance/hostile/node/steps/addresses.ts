import { readFile, utimes } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCniResultsDir } from '@rolegate/testing';
import { podAddresses } from '../../../network/pod-links.ts';
import { attackStep } from '../step.ts';
import type { NodeStep, NodeWorld } from '../step.ts';
import type { AttackReport } from '../../watch/seen.ts';
import { orderOf, startHonestPod } from '../../watch/others.ts';

/** `<` is six characters in the runtime's JSON: what one Pod's annotations may hold makes a result of over 1 MB. */
const ANNOTATION_CHARACTERS = 200_000;
/** How long nobody but the new owner may be answered for the address. Milliseconds. */
const ASKED_FOR_MS = 3_000;
const NOTICED_WITHIN_MS = 300;
/** An agent that has lost `reconcile` for two seconds falls back to what the API server says. Milliseconds. */
const AWAY_MS = 4_000;
const HOUR_SECONDS = 3_600;

/** Where the former owner is afterwards. */
const elsewhere = podAddresses({ shape: 'bridge', index: 62 });

/** Asks from the address that was handed on: the former owner's role is a fault at any time, the new one's is due at the end. */
async function askAsNext(world: NodeWorld, forMs: number): Promise<string[]> {
  const { next, former } = world.cast;
  await using child = await startHonestPod(world, next);
  const stolen = `list: the role ${former.role}`;
  const endMs = performance.now() + forMs;
  let last: string | undefined;
  let asked = 0;
  let thefts = 0;
  do {
    last = await child.call.look(orderOf(next));
    asked++;
    if (last === stolen) thefts++;
    await sleep(50);
  } while (performance.now() < endMs);
  return [
    ...(thefts === 0
      ? []
      : [`the former owner's role was given to another Pod in ${thefts} of ${asked} answers`]),
    ...(last === undefined ? [] : [`the new owner of the address is not served at the end: ${last}`]),
  ];
}

/** The former owner has got another address, and its first result was left over; `give` writes the new owner's result. */
async function handOn(world: NodeWorld, give: (leftOver: string) => Promise<string>): Promise<AttackReport> {
  const { cluster, cni, cast } = world;
  const { former, next } = cast;
  const { uid, namespace, name } = former.pod;
  const leftOver = await cni.add({ uid, namespace, name, ips: Object.values(former.pod.addresses) });
  const moved = { uid, namespace, name, ips: Object.values(elsewhere), containerId: 'f'.repeat(64) };
  const newest = await cni.add(moved);
  await cluster.report({ ...former.pod, addresses: elsewhere });
  const result = await give(leftOver);
  await cluster.report(next.pod);
  await sleep(NOTICED_WITHIN_MS);
  const faults = await askAsNext(world, ASKED_FOR_MS);
  await cluster.delete(next.pod);
  for (const path of [result, newest]) await cni.remove(path);
  await cluster.giveAddress(former.pod);
  await cluster.report(former.pod);
  return { said: 'an address was handed on beside a left-over result', faults };
}

/** As containerd writes it, Go's JSON being what it is. */
async function writeLargeResult({ cni, cast }: NodeWorld): Promise<string> {
  const { uid, namespace, name, addresses } = cast.next.pod;
  const annotations = { padding: '<'.repeat(ANNOTATION_CHARACTERS) };
  await using draft = await createCniResultsDir();
  const path = await draft.add({ uid, namespace, name, ips: Object.values(addresses), annotations });
  const text = (await readFile(path, 'utf8')).replaceAll('<', String.raw`\u003c`);
  return await cni.writeRaw(basename(path), text);
}

async function writeResultAfterClockStep({ cni, cast }: NodeWorld, leftOver: string): Promise<string> {
  const ahead = Date.now() / 1_000 + HOUR_SECONDS;
  await utimes(leftOver, ahead, ahead);
  const { uid, namespace, name, addresses } = cast.next.pod;
  return cni.add({ uid, namespace, name, ips: Object.values(addresses) });
}

/** Rows N5 and N6. */
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
      const { cluster, cast, programs } = world;
      const { former, next } = cast;
      await cluster.takeAddress(former.pod);
      await cluster.giveAddress(next.pod);
      await cluster.schedule(next.pod);
      const before = await askAsNext(world, 500);
      await programs.reconcile.stop('kill');
      const meanwhile = (await askAsNext(world, AWAY_MS)).filter((fault) => fault.startsWith('the former'));
      programs.reconcile.start();
      const after = await askAsNext(world, ASKED_FOR_MS);
      await cluster.takeAddress(next.pod);
      await cluster.delete(next.pod);
      return {
        said: `reconcile was away for ${AWAY_MS / 1_000} s`,
        faults: [...before, ...meanwhile, ...after],
        // Until the fallback counts, addresses are known to nobody.
        disturbs: true,
      };
    },
  }),
];
