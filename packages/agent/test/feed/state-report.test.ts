import { expect, it } from 'vitest';
import type { AgentReport } from '@rolegate/protocol';
import { createFakeClock } from '@rolegate/testing';
import { createReporter } from '../../src/feed/report.ts';
import { createStateReport } from '../../src/feed/state-report.ts';

const LAID = { nat: true, filter: true, route: true, input: true };

function setup() {
  const clock = createFakeClock();
  const sent: AgentReport[] = [];
  const now: { layers: Partial<typeof LAID> | undefined; feed: boolean } = { layers: undefined, feed: true };
  const interception = createStateReport(() => now.layers);
  const reporter = createReporter({
    asked: () => true,
    clock,
    interception,
    send: (report) => now.feed && sent.push(report) > 0,
  });
  void reporter.run(new AbortController().signal);
  return { clock, now, interception, told: () => sent.map((report) => report.interception) };
}

it('The state of the rules is reported at the beginning of a stream, and later when it changes', async () => {
  const { clock, now, interception, told } = setup();
  expect(interception.first()).toBeUndefined();
  await clock.advance(20_000);
  expect(told()).toEqual([]);
  now.layers = LAID;
  expect(interception.first()).toEqual(LAID);
  await clock.advance(20_000);
  expect(told()).toEqual([]);
  now.layers = { ...LAID, nat: false };
  await clock.advance(20_000);
  expect(told()).toEqual([{ ...LAID, nat: false }]);
});

it('The state of the rules is reported when it becomes known, and not when it is no longer known', async () => {
  const { clock, now, interception, told } = setup();
  interception.first();
  now.layers = LAID;
  await clock.advance(10_000);
  now.layers = undefined;
  await clock.advance(10_000);
  now.layers = { ...LAID };
  await clock.advance(10_000);
  expect(told()).toEqual([LAID]);
});

it('A state of the rules that could not be sent is sent with the next report', async () => {
  const { clock, now, told } = setup();
  Object.assign(now, { layers: LAID, feed: false });
  await clock.advance(10_000);
  now.feed = true;
  await clock.advance(10_000);
  expect(told()).toEqual([LAID]);
});
