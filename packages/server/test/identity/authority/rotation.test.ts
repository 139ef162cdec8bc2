import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  BUNDLE_SPREAD_MS,
  CLIENT_LIFE_MS,
  commandStep,
  nextStep,
  SERVER_LIFE_MS,
} from '../../../src/identity/authority/rotation.ts';
import type { AuthorityLife, RotationStep } from '../../../src/identity/authority/rotation.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, YEAR_MS } from './setup.ts';

const life = (
  id: string,
  state: AuthorityLife['state'],
  more: Partial<AuthorityLife> = {},
): AuthorityLife => ({
  id,
  state,
  sinceMs: 0,
  beginsMs: 0,
  endsMs: YEAR_MS,
  ...more,
});

const ACTIVE = life('a', 'active');
const PREPARED_AT = (YEAR_MS * 2) / 3;
const PREPARED = life('b', 'prepared', { sinceMs: PREPARED_AT, endsMs: PREPARED_AT + YEAR_MS });
const RETIRED = life('c', 'retired', { sinceMs: 10 * DAY_MS });

describe('Rotation by age', () => {
  it.each([
    { at: 'before two thirds', nowMs: PREPARED_AT - 1, all: [ACTIVE], step: undefined },
    { at: 'at two thirds', nowMs: PREPARED_AT, all: [ACTIVE], step: { kind: 'prepare' } },
    { at: 'within a day of it', nowMs: PREPARED_AT + DAY_MS - 1, all: [ACTIVE, PREPARED], step: undefined },
    {
      at: 'a day later',
      nowMs: PREPARED_AT + DAY_MS,
      all: [ACTIVE, PREPARED],
      step: { kind: 'activate', id: 'b' },
    },
    { at: 'within a day of retirement', nowMs: 11 * DAY_MS - 1, all: [ACTIVE, RETIRED], step: undefined },
    {
      at: 'a day after retirement',
      nowMs: 11 * DAY_MS,
      all: [ACTIVE, RETIRED],
      step: { kind: 'remove', ids: ['c'] },
    },
    {
      at: 'when a retired one has ended',
      nowMs: 10 * DAY_MS + 5,
      all: [ACTIVE, { ...RETIRED, endsMs: 10 * DAY_MS + 5 }],
      step: { kind: 'remove', ids: ['c'] },
    },
    {
      at: 'when the active one has ended',
      nowMs: YEAR_MS,
      all: [ACTIVE, { ...PREPARED, sinceMs: YEAR_MS - 1 }],
      step: { kind: 'activate', id: 'b' },
    },
    {
      at: 'late, and just prepared',
      nowMs: YEAR_MS - HOUR_MS,
      all: [ACTIVE, { ...PREPARED, sinceMs: YEAR_MS - HOUR_MS }],
      step: undefined,
    },
    {
      at: 'late, when agents can know it',
      nowMs: YEAR_MS - HOUR_MS + BUNDLE_SPREAD_MS,
      all: [ACTIVE, { ...PREPARED, sinceMs: YEAR_MS - HOUR_MS }],
      step: { kind: 'activate', id: 'b' },
    },
  ])('The rotation does what is due $at', ({ nowMs, all, step }) => {
    expect(nextStep(all, nowMs, YEAR_MS)).toEqual(step);
  });

  it('The rotation prepares by the lower age if the age is lowered', () => {
    expect(nextStep([ACTIVE], 20 * DAY_MS, 30 * DAY_MS)).toEqual({ kind: 'prepare' });
    expect(nextStep([ACTIVE], 20 * DAY_MS, 31 * DAY_MS)).toBeUndefined();
  });

  const pauses = fc.array(fc.double({ min: 0.0001, max: 0.3, noNaN: true }), {
    minLength: 1,
    maxLength: 150,
  });

  it.each([{ ageMs: YEAR_MS }, { ageMs: 30 * DAY_MS }, { ageMs: 2 * DAY_MS }, { ageMs: HOUR_MS }])(
    'The rotation always has one active authority and removes none in use, at an age of $ageMs ms',
    ({ ageMs }) => {
      fc.assert(
        fc.property(pauses, (shares) => {
          const world = simulate(ageMs);
          for (const share of shares) world.pass(share * ageMs);
          expect(world.faults).toEqual([]);
        }),
        { numRuns: 200 },
      );
    },
  );

  it('The rotation runs for ten years without a gap if it is checked every hour', () => {
    const world = simulate(YEAR_MS);
    for (let hour = 0; hour < 10 * 365 * 24; hour += 1) world.pass(HOUR_MS);
    expect(world.faults).toEqual([]);
    // One every 243 days and a bit.
    expect(world.made()).toBe(16);
    expect(world.longestBundle()).toBe(2);
  });
});

/** Authorities that rotate, and what the active one signs: each certificate must find its issuer while it lives. */
function simulate(ageMs: number) {
  let nowMs = 0;
  let made = 1;
  let longest = 1;
  let all: AuthorityLife[] = [life('0', 'active', { endsMs: ageMs })];
  const issued: { by: string; endsMs: number }[] = [];
  const faults: string[] = [];

  function perform(step: RotationStep): void {
    if (step.kind === 'prepare') {
      all.push(life(`${made}`, 'prepared', { sinceMs: nowMs, beginsMs: nowMs, endsMs: nowMs + ageMs }));
      made += 1;
    } else if (step.kind === 'activate') {
      all = all.map((one) => {
        if (one.id === step.id) return { ...one, state: 'active', sinceMs: nowMs };
        return one.state === 'active' ? { ...one, state: 'retired', sinceMs: nowMs } : one;
      });
    } else all = all.filter(({ id }) => !step.ids.includes(id));
  }

  function check(): void {
    const active = all.filter(({ state }) => state === 'active');
    if (active.length !== 1) faults.push(`${active.length} are active at ${nowMs}`);
    for (const { by, endsMs } of issued)
      if (endsMs > nowMs && !all.some(({ id }) => id === by)) faults.push(`${by} is missed at ${nowMs}`);
  }

  function sign(): void {
    const active = all.find(({ state }) => state === 'active');
    if (active === undefined) return;
    for (const lifeMs of [CLIENT_LIFE_MS, SERVER_LIFE_MS])
      issued.push({ by: active.id, endsMs: Math.min(nowMs + lifeMs, active.endsMs) });
    while ((issued[0]?.endsMs ?? Infinity) <= nowMs) issued.shift();
  }

  return {
    faults,
    made: () => made,
    longestBundle: () => longest,
    pass(ms: number): void {
      nowMs += ms;
      // At the last moment too: a replica may not have heard of a step yet.
      sign();
      for (let step = nextStep(all, nowMs, ageMs); step !== undefined; step = nextStep(all, nowMs, ageMs)) {
        perform(step);
        check();
      }
      longest = Math.max(longest, all.length);
    },
  };
}

describe('Rotation by command', () => {
  const nowMs = PREPARED_AT + HOUR_MS;

  it.each([
    { command: 'prepare', all: [ACTIVE], step: { kind: 'prepare' } },
    { command: 'activate', all: [ACTIVE, PREPARED], step: { kind: 'activate', id: 'b' } },
    { command: 'retire', all: [ACTIVE, RETIRED], step: { kind: 'remove', ids: ['c'] } },
  ] as const)('The command $command is done if it is legal', ({ command, all, step }) => {
    expect(commandStep(command, all, { nowMs, atOnce: false })).toEqual(step);
  });

  it.each([
    { command: 'prepare', all: [ACTIVE, PREPARED], why: 'authority b is already prepared; activate it' },
    { command: 'activate', all: [ACTIVE], why: 'no authority is prepared; prepare one first' },
    {
      command: 'activate',
      all: [ACTIVE, { ...PREPARED, sinceMs: nowMs - MINUTE_MS }],
      why: 'authority b may not have reached every agent yet; wait until 1970-09-01T09:02:00.000Z, or give --now',
    },
    {
      command: 'retire',
      all: [ACTIVE, PREPARED],
      why: 'no authority is retired; prepare and activate a new one',
    },
    {
      command: 'retire',
      all: [ACTIVE, { ...RETIRED, sinceMs: nowMs - HOUR_MS }],
      why: 'agents may still use certificates of authority c; wait until 1970-09-01T09:05:00.000Z, or give --now',
    },
  ] as const)('The command $command is refused with: $why', ({ command, all, why }) => {
    expect(commandStep(command, all, { nowMs, atOnce: false })).toEqual({
      kind: 'refused',
      why: expect.stringContaining(why) as unknown,
    });
  });

  it('The commands activate and retire do not wait with --now', () => {
    const fresh = { nowMs, atOnce: true };
    expect(commandStep('activate', [ACTIVE, { ...PREPARED, sinceMs: nowMs }], fresh)).toMatchObject({
      id: 'b',
    });
    expect(commandStep('retire', [ACTIVE, { ...RETIRED, sinceMs: nowMs }], fresh)).toMatchObject({
      ids: ['c'],
    });
  });

  it('The command retire retires only authorities whose client certificates have ended', () => {
    const both = [ACTIVE, RETIRED, life('d', 'retired', { sinceMs: nowMs })];
    expect(commandStep('retire', both, { nowMs, atOnce: false })).toMatchObject({ ids: ['c'] });
  });
});
