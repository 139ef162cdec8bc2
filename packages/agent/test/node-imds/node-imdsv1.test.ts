import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock, startImds } from '@rolegate/testing';
import { createNodeImdsv1 } from '../../src/node-imds/node-imdsv1.ts';
import { createTestLog, until } from '../addresses/known-pods.ts';

const MINUTE_MS = 60_000;

let opened = new AsyncDisposableStack();
let imds: Awaited<ReturnType<typeof startImds>>;
let stop = new AbortController();
let running = Promise.resolve();
beforeEach(async () => {
  opened = new AsyncDisposableStack();
  stop = new AbortController();
  running = Promise.resolve();
  imds = await startImds();
  opened.defer(() => imds.close());
});
afterEach(async () => {
  stop.abort();
  await running;
  await opened.disposeAsync();
});

function setup() {
  const clock = createFakeClock();
  const log = createTestLog();
  const installed = Promise.withResolvers<undefined>();
  const imdsv1 = createNodeImdsv1({ endpoint: imds.url, installed: installed.promise, clock, log });
  running = imdsv1.run(stop.signal);
  const levels = () => log.lines.map(([level]) => level);
  const seen = async (count: number) => {
    await until(() => imds.requests.length === count);
    for (let turn = 0; turn < 10; turn += 1) await setImmediate();
  };
  return {
    clock,
    log,
    installed: () => {
      installed.resolve(undefined);
    },
    imdsv1,
    levels,
    seen,
  };
}

describe('IMDSv1 probe', () => {
  it("The node's IMDS is not probed before the rules are installed", async () => {
    const { clock, imdsv1 } = setup();
    await clock.advance(10 * MINUTE_MS);
    expect([imds.requests.length, imdsv1.open()]).toEqual([0, undefined]);
  });

  it("The node's IMDS is probed with one request without a token, and again after five minutes", async () => {
    const { clock, installed, imdsv1, seen } = setup();
    installed();
    await until(() => imdsv1.open() === false);
    const [request] = imds.requests;
    expect(request).toMatchObject({ method: 'GET', target: '/latest/meta-data/', status: 401 });
    expect(Object.keys(request?.headers ?? {}).filter((name) => name.startsWith('x-'))).toEqual([]);
    await clock.advance(5 * MINUTE_MS - 1);
    expect(imds.requests).toHaveLength(1);
    await clock.advance(1);
    await seen(2);
  });

  it('A node that answers without a token causes one warning, and a line when it requires tokens', async () => {
    imds.tokensRequired(false);
    const { clock, log, installed, imdsv1, levels, seen } = setup();
    installed();
    await until(() => imdsv1.open() === true);
    await clock.advance(5 * MINUTE_MS);
    await seen(2);
    expect(log.lines).toEqual([
      [
        'warn',
        'node IMDS allows IMDSv1',
        { hint: expect.stringContaining('Set HttpTokens=required and a hop limit of 1') },
      ],
    ]);
    imds.tokensRequired(true);
    await clock.advance(5 * MINUTE_MS);
    await until(() => imdsv1.open() === false);
    expect(levels()).toEqual(['warn', 'info']);
  });

  it.each([
    { what: 'refuses', status: 403 },
    { what: 'redirects', status: 301 },
    { what: 'fails', status: 500 },
  ])('The IMDSv1 result is unknown if the IMDS $what, and nothing else is asked', async ({ status }) => {
    imds.refuse(status);
    const { installed, imdsv1, levels, seen } = setup();
    installed();
    await until(() => levels().includes('debug'));
    await seen(1);
    expect([imdsv1.open(), levels()]).toEqual([undefined, ['debug']]);
  });

  it('The IMDSv1 result is unknown again if the IMDS does not answer within a second', async () => {
    imds.tokensRequired(false);
    const { clock, installed, imdsv1, levels, seen } = setup();
    installed();
    await until(() => imdsv1.open() === true);
    imds.hang();
    await clock.advance(5 * MINUTE_MS);
    await seen(2);
    await clock.advance(1_000);
    await until(() => imdsv1.open() === undefined);
    expect(levels()).toEqual(['warn', 'debug']);
  });

  it("The node's IMDS is not probed if the agent stops while it waits for the rules", async () => {
    setup();
    stop.abort();
    await running;
    expect(imds.requests).toEqual([]);
  });
});
