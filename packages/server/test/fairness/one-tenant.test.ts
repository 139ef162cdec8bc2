import { describe, expect, it } from 'vitest';
import { createWorld, MINUTE_MS, STORM, STS_MS } from './setup.ts';
import type { Storm, World } from './setup.ts';

const ROLE = 'iam.amazonaws.com/role';
const SESSION_NAME = 'iam.amazonaws.com/session-name';
const EXTERNAL_ID = 'iam.amazonaws.com/external-id';
const TAGS = 'rolegate.dev/session-tags';

/** A rate below what a few Pods want. */
const SCANT = { ratePerSecond: 3, burst: 50 };
/** A rate so high that only the number of calls in flight is scarce, if they are slow. */
const PLENTY = { ratePerSecond: 10, burst: 500 };

const each = (pods: number, act: (n: number) => void) => {
  for (let n = 0; n < pods; n++) act(n);
};

/** Changes the role of their one ServiceAccount; each Pod has its own session. */
function changeRole(world: World, change: number, pods: number): void {
  if (change === 0)
    each(pods, (n) => {
      world.setStormPod(n, { [SESSION_NAME]: `pod-${n}` });
    });
  world.setServiceAccount(STORM, 'default', { [ROLE]: `role-${change % 2}` });
}

/** Changes the role of each Pod's own ServiceAccount. */
function changeServiceAccounts(world: World, change: number, pods: number): void {
  each(pods, (n) => {
    if (change === 0) world.setStormPod(n, {}, `account-${n}`);
    world.setServiceAccount(STORM, `account-${n}`, { [ROLE]: `role-${change}` });
  });
}

/** Changes an annotation of each Pod. */
const changeAnnotation =
  (valueOf: (n: number, change: number) => Record<string, string>): Storm['change'] =>
  (world, change, pods) => {
    if (change === 0) world.setServiceAccount(STORM, 'default', { [ROLE]: 'app' });
    each(pods, (n) => {
      world.setStormPod(n, valueOf(n, change));
    });
  };

const ofStorm = ({ sessionName }: { sessionName: string }) => sessionName.startsWith(`${STORM}.`);
const named = (name: string) => Object.assign(new Error('no'), { name });

interface Played {
  readonly leastMs: number;
  readonly renewals: readonly number[];
  readonly lateMs: readonly number[];
}

/** The tenant makes a change every two seconds; now and then Pods of new Namespaces are created. */
async function play(world: World, { pods, change }: Storm, minutes: number): Promise<Played> {
  let leastMs = Infinity;
  const lateMs: number[] = [];
  const endMs = world.clock.monotonic() + minutes * MINUTE_MS;
  for (let n = 0; world.clock.monotonic() < endMs; n++) {
    change(world, n, pods);
    await world.clock.advance(1_000);
    if (n % 50 === 49) lateMs.push(...(await world.lateComers(5)));
    else await world.clock.advance(1_000);
    leastMs = Math.min(leastMs, world.leastMs());
  }
  return { leastMs, renewals: world.renewals(), lateMs };
}

function expectNothingTaken({ leastMs, renewals, lateMs }: Played, times: number): void {
  expect(leastMs).toBeGreaterThanOrEqual(25 * MINUTE_MS);
  expect(renewals).toHaveLength(50);
  expect(Math.min(...renewals)).toBeGreaterThanOrEqual(times);
  expect(new Set(lateMs)).toEqual(new Set([STS_MS]));
}

describe('Greedy tenant', () => {
  it('A tenant of 300 Pods whose role changes every two seconds takes nothing from fifty other Namespaces', async () => {
    const world = createWorld({});
    await world.begin();
    await world.clock.advance(24 * MINUTE_MS);
    const before = world.issued.length;
    const minutes = 5;
    expectNothingTaken(await play(world, { pods: 300, change: changeRole }, minutes), 1);
    // It has the whole rate but for what others need: a hundred a second.
    expect(world.issued.length - before).toBeGreaterThan(minutes * 60 * 100);
  }, 120_000);

  it.each([
    {
      what: 'the role of a ServiceAccount, for more than an hour',
      change: changeRole,
      from: 0,
      minutes: 65,
      renewals: 2,
    },
    { what: 'the roles of many ServiceAccounts', change: changeServiceAccounts },
    { what: 'session names', change: changeAnnotation((n, at) => ({ [SESSION_NAME]: `pod-${n}-${at}` })) },
    { what: 'external IDs', change: changeAnnotation((n, at) => ({ [EXTERNAL_ID]: `id-${n}-${at}` })) },
    { what: 'tags', change: changeAnnotation((n, at) => ({ [TAGS]: `{"pod":"${n}","at":"${at}"}` })) },
    { what: 'roles that STS refuses', change: changeServiceAccounts, stsFault: named('AccessDenied') },
    { what: 'roles that STS throttles', change: changeServiceAccounts, stsFault: named('Throttling') },
    {
      what: 'roles for which STS takes 10 s',
      change: changeServiceAccounts,
      tenantMs: 10_000,
      pods: 22,
      budget: PLENTY,
    },
  ])(
    'A tenant takes nothing from other Namespaces by constantly changing $what',
    async ({
      change,
      from = 20,
      minutes = 17,
      renewals = 1,
      stsFault,
      tenantMs = STS_MS,
      pods = 10,
      budget = SCANT,
    }) => {
      const world = createWorld({
        budget,
        stsMs: (session) => (ofStorm(session) ? tenantMs : STS_MS),
        stsFault: (session) => (ofStorm(session) ? stsFault : undefined),
      });
      await world.begin();
      await world.clock.advance(from * MINUTE_MS);
      expectNothingTaken(await play(world, { pods, change }, minutes), renewals);
    },
    60_000,
  );
});
