import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import fc from 'fast-check';
import { createEventRecorder } from '../../src/kubernetes/pod-events.ts';
import { eventually, recordingLog, startApi } from './setup.ts';

const POD = { namespace: 'team-a', name: 'web-7d4b9', uid: 'u-1' };

async function setup() {
  const clock = createFakeClock({ nowMs: Date.UTC(2026, 10, 23, 7, 30, 5, 123) });
  const { api, connection, ...rest } = await startApi({ clock });
  const { log, lines } = recordingLog();
  const limitHits: string[] = [];
  const recorder = createEventRecorder({
    connection,
    clock,
    log,
    limitHit: (limit, { namespace }) => limitHits.push(`${limit} ${namespace}`),
    component: 'rolegate-server',
    instance: 'server-0',
  });
  const stop = new AbortController();
  const running = recorder.run(stop.signal);
  return {
    api,
    clock,
    recorder,
    lines,
    limitHits,
    reasons: () =>
      api.events.map(({ reason, involvedObject }) => `${String(involvedObject['uid'])} ${reason}`),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await rest[Symbol.asyncDispose]();
    },
  };
}

describe('Event recorder', () => {
  it('The recorder posts a Warning that kubectl describe shows on the Pod', async () => {
    await using run = await setup();
    run.recorder.warn(POD, 'NamespaceDenied', 'not permitted');
    await eventually(() => run.api.events.length === 1);
    expect(run.api.events[0]).toMatchObject({
      metadata: { namespace: 'team-a', name: expect.stringMatching(/^web-7d4b9\./) as unknown },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace: 'team-a', name: 'web-7d4b9', uid: 'u-1' },
      type: 'Warning',
      reason: 'NamespaceDenied',
      message: 'not permitted',
      source: { component: 'rolegate-server' },
      firstTimestamp: '2026-11-23T07:30:05Z',
      lastTimestamp: '2026-11-23T07:30:05Z',
      count: 1,
      reportingComponent: 'rolegate-server',
      reportingInstance: 'server-0',
    });
  });

  it('The recorder posts one Event per Pod and reason in five minutes', async () => {
    await using run = await setup();
    const warnAll = () => {
      run.recorder.warn(POD, 'NamespaceDenied', 'first');
      run.recorder.warn(POD, 'NamespaceDenied', 'second');
      run.recorder.warn(POD, 'BadAnnotation', 'other reason');
      run.recorder.warn({ ...POD, uid: 'u-2' }, 'NamespaceDenied', 'other Pod');
    };
    warnAll();
    await eventually(() => run.api.events.length === 3);
    await run.clock.advance(299_000);
    warnAll();
    await run.clock.advance(1000);
    expect(run.reasons()).toEqual(['u-1 NamespaceDenied', 'u-1 BadAnnotation', 'u-2 NamespaceDenied']);
    warnAll();
    await eventually(() => run.api.events.length === 6);
  });

  it.each([
    { of: 'letters', message: 'x'.repeat(3000), bytes: 1024 },
    { of: 'longer characters', message: 'é'.repeat(3000), bytes: 1023 },
    { of: 'characters outside of the basic plane', message: '🦀'.repeat(3000), bytes: 1023 },
  ])('A message of $of is truncated to the size limit of an Event', async ({ message, bytes }) => {
    await using run = await setup();
    run.recorder.warn(POD, 'BadAnnotation', message);
    await eventually(() => run.api.events.length === 1);
    const said = run.api.events[0]?.message ?? '';
    expect(Buffer.byteLength(said)).toBe(bytes);
    expect(message.startsWith(said.slice(0, -1))).toBe(true);
    expect(said.at(-1)).toBe('…');
  });

  it('The API server accepts an Event with any message and any Pod name', async () => {
    await using run = await setup();
    const name = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?$/);
    let count = 0;
    await fc.assert(
      fc.asyncProperty(name, fc.string({ unit: 'binary', maxLength: 2000 }), async (podName, message) => {
        count += 1;
        run.recorder.warn(
          { namespace: 'team-a', name: podName, uid: `u-${count}` },
          'BadAnnotation',
          message,
        );
        const wanted = count;
        for (let turns = 0; run.api.events.length < wanted && turns < 1000; turns += 1)
          await run.clock.advance(10);
        expect(run.api.events).toHaveLength(wanted);
      }),
      { numRuns: 40 },
    );
    expect(run.lines).toEqual([]);
  });

  it.each([
    {
      fault: 'refuses',
      act: ({ api }: Awaited<ReturnType<typeof setup>>) => {
        api.refuse(403);
      },
      says: /right to create events/,
    },
    {
      fault: 'is busy',
      act: ({ api }: Awaited<ReturnType<typeof setup>>) => {
        api.refuse(429);
      },
      says: /429/,
    },
  ])(
    'If the API server $fault, the recorder logs the lost Event and posts the next one',
    async ({ act, says }) => {
      await using run = await setup();
      act(run);
      run.recorder.warn(POD, 'BadAnnotation', 'lost');
      await eventually(() => run.lines.length === 1);
      expect(run.lines[0]).toMatchObject({
        level: 'warn',
        fields: { namespace: 'team-a', lost: 1, error: expect.stringMatching(says) as unknown },
      });
      run.api.refuse(undefined);
      run.recorder.warn(POD, 'NamespaceDenied', 'posted');
      await eventually(() => run.api.events.length === 1);
    },
  );

  it('The recorder gives up on an Event that is not answered within 10 s', async () => {
    await using run = await setup();
    run.api.hang();
    run.recorder.warn(POD, 'BadAnnotation', 'lost');
    await run.clock.advance(5);
    for (let seconds = 0; run.lines.length === 0 && seconds < 100; seconds += 1)
      await run.clock.advance(1000);
    expect(run.lines[0]?.fields['error']).toBe('create events: no complete response after 10 s');
  });

  it('The recorder logs the lost Events of a Namespace once a minute, with their number', async () => {
    await using run = await setup();
    run.api.refuse(500);
    const warn = async (namespace: string, uid: number) => {
      run.recorder.warn({ ...POD, namespace, uid: `u-${uid}` }, 'BadAnnotation', '');
      for (let turns = 0; turns < 10; turns += 1) await run.clock.advance(20);
    };
    for (let uid = 0; uid < 20; uid += 1) await warn('team-a', uid);
    await warn('team-b', 99);
    const said = () => run.lines.map(({ fields }) => [fields['namespace'], fields['lost']]);
    expect(said()).toEqual([
      ['team-a', 1],
      ['team-b', 1],
    ]);
    await run.clock.advance(60_000);
    expect(said().slice(2)).toEqual([['team-a', 19]]);
  });

  it('Recording an Event never blocks or throws, and Events over the limit are counted', async () => {
    await using run = await setup();
    run.api.hang();
    for (let uid = 0; uid < 3000; uid += 1)
      run.recorder.warn({ ...POD, uid: `u-${uid}` }, 'BadAnnotation', '');
    expect(run.limitHits).toHaveLength(2900);
    expect(run.limitHits[0]).toBe('events team-a');
  });

  it('The Event of a Namespace waits for at most one of another Namespace that has ten thousand denied Pods', async () => {
    await using run = await setup();
    for (let uid = 0; uid < 10_000; uid += 1)
      run.recorder.warn({ ...POD, namespace: 'storm', uid: `u-${uid}` }, 'NamespaceDenied', '');
    const posted = (namespace: string) =>
      run.api.events.filter(({ metadata }) => metadata.namespace === namespace).length;
    for (let turns = 0; posted('storm') < 60 && turns < 1000; turns += 1) await run.clock.advance(20);
    const before = posted('storm');
    run.recorder.warn({ ...POD, uid: 'u-shop' }, 'NamespaceDenied', '');
    for (let turns = 0; posted('team-a') === 0 && turns < 1000; turns += 1) await run.clock.advance(20);
    expect(posted('storm') - before).toBeLessThanOrEqual(1);
    expect(run.limitHits).toHaveLength(9_900);
  });
});
