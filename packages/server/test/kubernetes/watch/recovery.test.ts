import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { ApiError, OverdueError, IdleTimeoutError } from '../../../src/kubernetes/api/api-error.ts';
import { createRecovery } from '../../../src/kubernetes/watch/recovery.ts';
import { recordingLog } from '../setup.ts';

/** Without jitter. */
const NO_JITTER = () => 0.999_999_999;

function setup() {
  const clock = createFakeClock();
  const { log, lines } = recordingLog();
  const relists: string[] = [];
  const recovery = createRecovery({
    clock,
    kind: 'Pod',
    log,
    random: NO_JITTER,
    relisted: (why) => relists.push(why),
  });
  const failed = (error: unknown, livedMs = 0) => Math.round(recovery.failed(error, livedMs));
  return { recovery, clock, failed, relists, lines };
}

const refusal = (code: number, message = 'no', retryAfterMs = 0) =>
  new ApiError(message, { code, reason: '', retryAfterMs });
const BROKEN = new Error('ECONNRESET');

describe('Watch recovery', () => {
  it('Recovery starts with a streaming list and then resumes from the latest version', () => {
    const { recovery } = setup();
    expect(recovery.next()).toEqual({ kind: 'stream' });
    recovery.listed('5');
    expect(recovery.next()).toEqual({ kind: 'resume', from: '5' });
    recovery.moved('7');
    expect(recovery.next()).toEqual({ kind: 'resume', from: '7' });
  });

  it('An event without a resourceVersion does not change where the watch resumes', () => {
    const { recovery } = setup();
    recovery.listed('5');
    recovery.moved(undefined);
    expect(recovery.next()).toEqual({ kind: 'resume', from: '5' });
  });

  it.each([400, 422])(
    'Pages are used immediately and from then on if a streaming list is answered with %d',
    (code) => {
      const { recovery, failed, lines } = setup();
      expect(failed(refusal(code))).toBe(0);
      expect(recovery.next()).toEqual({ kind: 'page' });
      recovery.listed('5');
      failed(refusal(410));
      expect(recovery.next()).toEqual({ kind: 'page' });
      expect(lines[0]?.level).toBe('info');
    },
  );

  it('Pages are fetched for an hour after a streaming list that did not end', async () => {
    const { recovery, failed, clock } = setup();
    failed(new OverdueError('not over'));
    expect(recovery.next()).toEqual({ kind: 'page' });
    await clock.advance(3_599_000);
    recovery.listed('5');
    failed(refusal(410));
    expect(recovery.next()).toEqual({ kind: 'page' });
    await clock.advance(1000);
    expect(recovery.next()).toEqual({ kind: 'stream' });
  });

  it('A list follows an unreadable event', () => {
    const { recovery, relists } = setup();
    recovery.listed('5');
    recovery.listAgain('unreadable');
    expect([recovery.next(), relists]).toEqual([{ kind: 'stream' }, ['unreadable']]);
  });

  it('A streaming list is tried again if the pages fail too', () => {
    const { recovery, failed } = setup();
    failed(new OverdueError('not over'));
    failed(BROKEN);
    expect(recovery.next()).toEqual({ kind: 'stream' });
  });

  it('The pauses double up to half a minute', () => {
    const { recovery, failed } = setup();
    recovery.listed('5');
    expect(Array.from({ length: 9 }, () => failed(BROKEN))).toEqual([
      250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000,
    ]);
    expect(recovery.next()).toEqual({ kind: 'resume', from: '5' });
  });

  it.each([
    {
      after: 'an event',
      act: ({ recovery }: ReturnType<typeof setup>) => {
        recovery.moved('6');
      },
    },
    {
      after: 'a list',
      act: ({ recovery }: ReturnType<typeof setup>) => {
        recovery.listed('6');
      },
    },
  ])('The pauses are short again after $after', ({ act }) => {
    const made = setup();
    made.failed(BROKEN);
    made.failed(BROKEN);
    act(made);
    expect(made.failed(BROKEN)).toBe(250);
  });

  it('The pauses are short again after a watch that lasted for a while', () => {
    const { recovery, failed } = setup();
    recovery.listed('5');
    failed(BROKEN);
    failed(BROKEN);
    expect(failed(BROKEN, 10_000)).toBe(250);
  });

  it('The next watch follows at once after one that ended on time, and after a pause if it ended early', () => {
    const { recovery } = setup();
    recovery.listed('5');
    expect(recovery.ended(300_000)).toBe(0);
    expect(Math.round(recovery.ended(10))).toBe(250);
    expect(Math.round(recovery.ended(10))).toBe(500);
  });

  it('An expired resourceVersion leads to a new list, soon but never in a tight loop', () => {
    const { recovery, failed, relists } = setup();
    const pauses = Array.from({ length: 3 }, () => {
      recovery.listed('5');
      return failed(refusal(410));
    });
    expect(pauses).toEqual([250, 500, 1000]);
    expect(relists).toEqual(['expired', 'expired', 'expired']);
    expect(recovery.next()).toEqual({ kind: 'stream' });
    recovery.listed('6');
    recovery.moved('7');
    expect(failed(refusal(410))).toBe(250);
  });

  it.each([
    { of: 'it is not taken', error: refusal(422), times: 1 },
    {
      of: 'the server knows less',
      error: refusal(504, 'Timeout: Too large resource version: 9, current: 5'),
      times: 1,
    },
    { of: 'it fails again and again', error: refusal(500, 'resourceVersion: Invalid value'), times: 5 },
  ])('A resourceVersion is abandoned if $of', ({ error, times }) => {
    const { recovery, failed, relists } = setup();
    recovery.listed('5');
    for (let count = 1; count < times; count += 1) failed(error);
    expect(relists).toEqual([]);
    failed(error);
    expect(relists).toEqual(['refused']);
    expect(recovery.next()).toEqual({ kind: 'stream' });
  });

  it('A second silent watch in a row leads to a new list', () => {
    const { recovery, failed, relists } = setup();
    recovery.listed('5');
    failed(new IdleTimeoutError('silent'), 90_000);
    expect(recovery.next()).toEqual({ kind: 'resume', from: '5' });
    failed(new IdleTimeoutError('silent'), 90_000);
    expect(relists).toEqual(['silent']);
  });

  it('Silent watches do not add up if an event comes between them', () => {
    const { recovery, failed, relists } = setup();
    recovery.listed('5');
    failed(new IdleTimeoutError('silent'));
    recovery.moved('6');
    failed(new IdleTimeoutError('silent'));
    expect(relists).toEqual([]);
  });

  it.each([401, 403, 429])('A resourceVersion is never abandoned because of a %d', (code) => {
    const { recovery, failed, relists } = setup();
    recovery.listed('5');
    for (let count = 0; count < 20; count += 1) failed(refusal(code));
    expect(relists).toEqual([]);
    expect(recovery.next()).toEqual({ kind: 'resume', from: '5' });
  });

  it('The pause is as long as the API server asks, but at most a minute', () => {
    const { failed } = setup();
    expect(failed(refusal(429, 'busy', 7000))).toBe(7000);
    expect(failed(refusal(429, 'busy', 86_400_000))).toBe(60_000);
  });

  it('An outage of the API server is logged once a minute, and its end once with its duration', async () => {
    const { recovery, clock, failed, lines } = setup();
    recovery.listed('5');
    for (let minute = 0; minute < 60; minute += 1) {
      for (let half = 0; half < 2; half += 1) {
        failed(BROKEN);
        await clock.advance(30_000);
      }
    }
    expect(lines).toHaveLength(60);
    expect(lines.at(-1)?.fields).toMatchObject({ leftOut: 1 });
    recovery.moved('6');
    recovery.moved('7');
    expect(lines.slice(60)).toEqual([
      {
        level: 'info',
        message: 'watch recovered',
        fields: { kind: 'Pod', awayMs: 3_600_000, failures: 120 },
      },
    ]);
  });

  it.each([
    { error: refusal(403), level: 'error' },
    { error: refusal(401), level: 'error' },
    { error: refusal(500), level: 'warn' },
    { error: refusal(410), level: 'info' },
    { error: BROKEN, level: 'warn' },
    { error: 'not an error', level: 'warn' },
  ])('The failure "$error" is logged at level $level', ({ error, level }) => {
    const { failed, lines } = setup();
    failed(error);
    expect(lines[0]).toMatchObject({ level, fields: { kind: 'Pod', step: 'stream' } });
  });
});
