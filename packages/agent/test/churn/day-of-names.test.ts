import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { createFirstRequests } from '../../src/pod-http/answer/first-requests.ts';
import { createRoutes } from '../../src/metadata/request/routes.ts';
import { createTokens } from '../../src/imds-tokens/tokens.ts';
import { allow, credentials } from '../addresses/known-pods.ts';
import { settled, setup as setupCallers } from '../addresses/callers-setup.ts';

const MINUTE_MS = 60_000;
const HOUR = 60;
const DAY = 24 * HOUR;
/** Pods created each minute, each with its own address, and deleted ten minutes later. */
const EACH_MINUTE = 2;
const LIFE_MINUTES = 10;
/** How long Pod status still has an address after the runtime released it. */
const LEFT_IN_STATUS_MINUTES = 1;

/** All parts of an agent that remember names, with a steady turnover of Pods and addresses. */
function setup() {
  const { clock, table, results, callers, memory, tell, remove } = setupCallers();
  const tokens = createTokens({ clock, randomBytes, memory });
  const routeOf = createRoutes({ everReadable: () => false, memory });
  const first = createFirstRequests({ isKnown: (uid) => table.pod(uid) !== undefined, memory });
  const there: { readonly untilMinute: number; readonly uid: string; readonly ip: string }[] = [];
  const leaving: string[] = [];
  let minute = 0;
  let serial = 0;

  function come(): void {
    serial += 1;
    const uid = `uid-${serial}`;
    const ip = `10.${(serial >> 16) & 255}.${(serial >> 8) & 255}.${serial & 255}`;
    table.setSession({
      id: `session-${uid}`,
      credentials: credentials(clock.monotonic() + 60 * MINUTE_MS),
    });
    tell({
      uid,
      name: `pod-${uid}`,
      namespace: `space-${serial % 7}`,
      ips: [ip],
      decision: allow(`session-${uid}`),
    });
    results.give({ uid }, [ip]);
    there.push({ untilMinute: minute + LIFE_MINUTES, uid, ip });
  }

  /** Each Pod requests what it may read, and made-up paths. */
  function askAll(): void {
    for (const { uid, ip } of there) {
      expect(callers.identify(ip)).toMatchObject({ kind: 'pod', pod: { uid } });
      const token = tokens.mint({ ip, uid, ttlSeconds: 21_600 });
      expect(tokens.check(token, { ip, uid })).toBe('ok');
      routeOf(`/latest/meta-data/iam/security-credentials/role-${uid}`, 'shop');
      first.asked(uid, 'other', { monotonicMs: clock.monotonic(), namespace: 'shop' });
      first.answered(uid, { served: true, monotonicMs: clock.monotonic() });
    }
  }

  /** The runtime releases the address, and a moment later the feed removes the Pod. */
  function endThose(until: number): void {
    leaving.splice(0).forEach(remove);
    while (there[0] !== undefined && there[0].untilMinute <= until) {
      const { uid, ip } = there.shift() ?? { uid: '', ip: '' };
      results.takeBack(uid, [ip]);
      leaving.push(uid);
    }
  }

  return {
    clock,
    live: () => ({ pods: table.pods().length, sessions: table.cachedSessions().length }),
    /** Plays until that minute; returns what is remembered halfway. */
    async playUntil(lastMinute: number): Promise<Readonly<Record<string, number>>> {
      for (;;) {
        endThose(minute);
        for (let pods = 0; pods < EACH_MINUTE; pods++) come();
        await settled();
        askAll();
        minute += 1;
        if (minute > lastMinute) return memory.sizes();
        await clock.advance(MINUTE_MS);
      }
    },
    /** What is remembered two days after everything was removed. */
    async end(): Promise<Readonly<Record<string, number>>> {
      for (const until of [Infinity, Infinity]) endThose(until);
      await settled();
      await clock.advance(2 * DAY * MINUTE_MS);
      return memory.sizes();
    },
  };
}

/** The most there can be if this many come each minute and are remembered this long: they are dropped in sixteen goes. */
function within(eachMinute: number, minutes: number): number {
  return Math.ceil(eachMinute * (minutes * (17 / 16) + 1));
}

it('An agent whose Pods come and go for two days remembers present ones, and former ones for a limited time', async () => {
  const agent = setup();
  const afterHalf = await agent.playUntil(26 * HOUR);
  const sizes = await agent.playUntil(2 * DAY);
  const living = EACH_MINUTE * LIFE_MINUTES;
  const named = living + EACH_MINUTE * LEFT_IN_STATUS_MINUTES;
  expect(agent.live()).toEqual({ pods: named, sessions: named });
  const most: Readonly<Record<string, number>> = {
    addresses_given: living,
    addresses_released: within(EACH_MINUTE, DAY),
    first_requests: within(EACH_MINUTE, LIFE_MINUTES + 10),
    pods_contradicted: EACH_MINUTE * LEFT_IN_STATUS_MINUTES,
    pods_gone: within(EACH_MINUTE, 10),
    pods_returned: within(EACH_MINUTE, DAY),
    results_unknown: 0,
    routes: within(EACH_MINUTE, LIFE_MINUTES + HOUR),
    tokens: 2_048,
  };
  expect(Object.keys(sizes).sort()).toEqual(Object.keys(most));
  expect(Object.entries(sizes).filter(([kind, size]) => size > (most[kind] ?? 0))).toEqual([]);
  expect(Object.keys(sizes).filter((kind) => sizes[kind] === 0)).toEqual(['results_unknown']);
  expect(Object.keys(sizes).filter((kind) => (sizes[kind] ?? 0) > 1.1 * (afterHalf[kind] ?? 0))).toEqual([]);
  expect(Object.entries(await agent.end()).filter(([, size]) => size > 0)).toEqual([]);
  expect(agent.clock.pending).toBe(0);
});
