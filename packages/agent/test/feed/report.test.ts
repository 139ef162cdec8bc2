import { describe, expect, it } from 'vitest';
import type { AgentReport } from '@rolegate/protocol';
import { createFakeClock } from '@rolegate/testing';
import { createReporter } from '../../src/feed/report.ts';
import { createStateReport } from '../../src/feed/state-report.ts';

function setup() {
  const clock = createFakeClock();
  const sent: AgentReport[] = [];
  const feed = { there: true };
  const held = new Set(['s1', 's2']);
  const serves: { now: boolean | undefined } = { now: undefined };
  const serving = createStateReport(() => serves.now);
  const reporter = createReporter({
    serving,
    clock,
    send: (report) => feed.there && sent.push(report) > 0,
    asked: (id) => held.has(id),
  });
  const stop = new AbortController();
  void reporter.run(stop.signal);
  return { clock, sent, feed, serves, serving, reporter, stop };
}

describe('Reporter', () => {
  it('The reporter sends what happened every ten seconds, once', async () => {
    const { clock, sent, reporter } = setup();
    for (const session of ['s1', 's2', 's1']) reporter.used(session);
    for (const reason of ['', '', 'NoRole']) reporter.answered(reason);
    reporter.firstDelivery({ podUid: 'u', sessionId: 's1', heldMs: 3 });
    await clock.advance(20_000);
    expect(sent).toEqual([
      {
        usedSessionIds: ['s1', 's2'],
        answersByReason: { '': 2, NoRole: 1 },
        firstDeliveries: [{ podUid: 'u', sessionId: 's1', heldMs: 3 }],
      },
    ]);
  });

  it('The reporter reports the use of a lapsed session at once, and not more than once a second', async () => {
    const { clock, sent, reporter } = setup();
    reporter.used('lapsed');
    await clock.advance(0);
    expect(sent.map(({ usedSessionIds }) => usedSessionIds)).toEqual([['lapsed']]);
    for (let tenth = 0; tenth < 30; tenth++) {
      reporter.used('lapsed');
      await clock.advance(100);
    }
    expect(sent).toHaveLength(4);
  });

  it('The reporter sends nothing if nothing happened', async () => {
    const { clock, sent } = setup();
    await clock.advance(60_000);
    expect(sent).toEqual([]);
  });

  it('The reporter reports at once that container credentials are served, or not any longer', async () => {
    const { clock, sent, serves, serving, reporter } = setup();
    serves.now = false;
    expect(serving.first()).toBe(false);
    serves.now = true;
    reporter.servingChanged();
    await clock.advance(0);
    serves.now = false;
    reporter.servingChanged();
    await clock.advance(1_000);
    await clock.advance(30_000);
    expect(sent.map(({ servesContainerCredentials }) => servesContainerCredentials)).toEqual([true, false]);
  });

  it('The reporter keeps what could not be sent for the next report', async () => {
    const { clock, sent, feed, reporter } = setup();
    feed.there = false;
    reporter.answered('NoRole');
    await clock.advance(10_000);
    feed.there = true;
    reporter.answered('NoRole');
    await clock.advance(10_000);
    expect(sent.map(({ answersByReason }) => answersByReason)).toEqual([{ NoRole: 2 }]);
  });

  it('The reporter keeps at most 512 first deliveries while it cannot send', async () => {
    const { clock, sent, feed, reporter } = setup();
    feed.there = false;
    for (let index = 0; index < 5_000; index++)
      reporter.firstDelivery({ podUid: `u${index}`, sessionId: 's', heldMs: 1 });
    feed.there = true;
    await clock.advance(10_000);
    expect(sent[0]?.firstDeliveries).toHaveLength(512);
  });
});
