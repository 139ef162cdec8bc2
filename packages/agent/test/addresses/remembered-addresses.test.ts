import { describe, expect, it } from 'vitest';
import { createMemory } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import fc from 'fast-check';
import { createAddressOwners } from '../../src/addresses/address-owners.ts';
import type { AddressOwners } from '../../src/addresses/address-owners.ts';
import type { MemoryKind } from '../../src/memory/memory.ts';
import { IP, settled, setup as setupCallers } from './callers-setup.ts';

const DAY_MS = 86_400_000;
const PODS = ['a', 'b', 'c'] as const;
const FILES = ['1', '2', '3'] as const;
const IPS = ['10.1.0.1', 'fd00::2'] as const;

const podNamed = (uid: string) => ({ uid, runtimeUid: '', namespace: 'shop', name: `pod-${uid}` });

/** One that forgets over time, and one with the same input that never forgets. */
function setup() {
  const clock = createFakeClock();
  const memory = createMemory<MemoryKind>({ clock });
  const named = new Set<string>(PODS);
  const forgetful = createAddressOwners({ memory, isNamed: (pod) => named.has(pod) });
  const ageless = createAddressOwners();
  let turn = 0;
  const tell = (say: (owners: AddressOwners, now: { turn: number; createdNs: bigint }) => unknown) => {
    turn += 1;
    for (const owners of [forgetful, ageless]) say(owners, { turn, createdNs: 0n });
  };
  return {
    clock,
    named,
    forgetful,
    ageless,
    sizes: memory.sizes,
    learn: (file: string) => {
      tell((owners, now) => {
        owners.learn(`/r/${file}`, now);
      });
    },
    give: (file: string, uid: string, ips: readonly string[] = [IP]) => {
      const result = { uid, namespace: 'shop', name: `pod-${uid}`, ips };
      tell((owners, now) => owners.set(`/r/${file}`, { result, mtimeNs: 0n, createdNs: 0n }, now));
    },
    free: (file: string) => {
      tell((owners) => owners.free(`/r/${file}`));
    },
    forget: (file: string) => {
      tell((owners) => owners.forget(`/r/${file}`));
    },
    garble: (file: string, anything: boolean) => {
      tell((owners, now) => {
        owners.unreadable(`/r/${file}`, anything, now);
      });
    },
  };
}

describe('Released addresses', () => {
  it('A released address is remembered for a day, and then still not given to a file that was there before', async () => {
    const t = setup();
    t.learn('old'); // seen, but not read for two days
    t.give('f', 'a');
    t.free('f');
    expect(t.sizes()).toMatchObject({ addresses_released: 1, pods_returned: 1 });
    await t.clock.advance(2 * DAY_MS);
    expect(t.sizes()).toMatchObject({ addresses_released: 0, pods_returned: 1 });
    t.give('old', 'b');
    expect(t.forgetful.owner(IP)).toBeUndefined();
    t.give('new', 'c');
    expect(t.forgetful.owner(IP)?.uid).toBe('c');
  });

  it('The address of a forgotten Pod does not come back with an older file of that Pod', async () => {
    const t = setup();
    t.learn('old');
    t.give('newest', 'a');
    t.give('other', 'b');
    t.free('newest');
    t.named.delete('a');
    await t.clock.advance(2 * DAY_MS);
    expect(t.sizes()).toMatchObject({ pods_returned: 0 });
    t.give('old', 'a', ['10.1.0.8']);
    expect(t.forgetful.owner('10.1.0.8')).toBeUndefined();
  });

  it('A leftover file whose directory was away for days does not get its address back', async () => {
    const t = setup();
    t.give('leftover', 'a');
    t.give('current', 'b');
    t.forget('leftover');
    await t.clock.advance(2 * DAY_MS);
    t.give('leftover', 'a');
    expect(t.forgetful.owner(IP)?.uid).toBe('b');
  });

  it("A released address is not its former Pod's own as long as the feed names the Pod", async () => {
    const t = setup();
    t.give('f', 'a');
    t.free('f');
    for (let day = 0; day < 30; day++) await t.clock.advance(DAY_MS);
    expect(t.forgetful.says(podNamed('a'), IP)).toBe('not-own');
    expect(t.sizes()).toMatchObject({ addresses_released: 0, pods_returned: 1 });
    t.named.delete('a');
    await t.clock.advance(DAY_MS);
    expect(t.sizes()).toMatchObject({ pods_returned: 0 });
  });

  it('A released address is not answered as its former Pod by status, however long the results are lost', async () => {
    const t = setupCallers();
    t.tell({ uid: 'former', name: 'pod-former', ips: [IP] });
    t.results.give({ uid: 'former' });
    await settled();
    expect(t.who()).toBe('former');
    t.results.takeBack('former');
    t.results.lose();
    await settled();
    expect([t.callers.source, t.who()]).toEqual(['pod-status', 'unknown']);
    await t.clock.advance(3 * DAY_MS);
    t.results.changed();
    await settled();
    expect([t.callers.source, t.who()]).toEqual(['pod-status', 'unknown']);
  });
});

const file = fc.constantFrom(...FILES);
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('give' as const),
      file,
      uid: fc.constantFrom(...PODS),
      ips: fc.subarray([...IPS], { minLength: 1 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('free' as const, 'learn' as const, 'forget' as const),
      file,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('garble' as const), file, anything: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('end' as const), uid: fc.constantFrom(...PODS) }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'wait' as const }) },
);

it('Forgetting old addresses gives none of them to a Pod that the feed names', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
      const t = setup();
      for (const one of steps) {
        if (one.kind === 'give') t.give(one.file, one.uid, one.ips);
        else if (one.kind === 'garble') t.garble(one.file, one.anything);
        else if (one.kind === 'end') t.named.delete(one.uid);
        else if (one.kind === 'wait') await t.clock.advance(0.6 * DAY_MS);
        else t[one.kind](one.file);
        for (const ip of IPS) {
          const owner = t.forgetful.owner(ip);
          // A Pod that the feed does not name is not answered, whatever it owns.
          if (owner?.uid !== undefined && t.named.has(owner.uid))
            expect([ip, owner.uid]).toEqual([ip, t.ageless.owner(ip)?.uid]);
          for (const uid of t.named)
            if (t.ageless.says(podNamed(uid), ip) === 'not-own')
              expect([uid, ip, t.forgetful.says(podNamed(uid), ip)]).toEqual([uid, ip, 'not-own']);
        }
      }
    }),
    { numRuns: 400 },
  );
});
