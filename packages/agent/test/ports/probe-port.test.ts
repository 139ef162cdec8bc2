import { afterEach, describe, expect, it } from 'vitest';
import { createProbePort } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { createTestLog, until } from '../addresses/known-pods.ts';

const AT = { host: '127.0.0.1', port: 9622 };
const ADDRESS = '127.0.0.1:9622';
const ANOTHER_AGENT = 'probe port in use by another agent; retrying';
const TAKEN = 'cannot open probe port; retrying';

/** A retry loop without pauses fails the test instead of hanging it. */
const MOST_TRIES = 100;

const stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
});

/** A port, and what occupies it. */
async function setup(state: { fault?: string; agent?: boolean } = {}) {
  const clock = createFakeClock();
  const log = createTestLog();
  const stop = new AbortController();
  stops.push(stop);
  const counted = { tries: 0, asked: 0 };
  const port = createProbePort({
    at: AT,
    listen() {
      counted.tries += 1;
      if (counted.tries > MOST_TRIES) return new Promise(() => undefined);
      if (state.fault === undefined) return Promise.resolve();
      return Promise.reject(Object.assign(new Error(`listen ${state.fault}`), { code: state.fault }));
    },
    isAnswered() {
      counted.asked += 1;
      return Promise.resolve(state.agent === true);
    },
    chosenBy: '--probe-bind (chart: probes)',
    clock,
    log,
  });
  const running = port.run(stop.signal);
  await until(() => counted.tries === 1 && (state.fault === undefined || clock.pending === 1));
  /** Advances by this many seconds, with one attempt each. */
  async function later(seconds: number) {
    for (let left = seconds; left > 0; left -= 1) {
      const { tries } = counted;
      await clock.advance(1_000);
      await until(() => counted.tries > tries && (state.fault === undefined || clock.pending === 1));
    }
  }
  const lines = () => log.lines.map(([level, message]) => [level, message]);
  return { state, log, stop, counted, running, later, lines, ready: () => port.check.ready() };
}

describe('Probe port', () => {
  it('The agent is ready once its probe port is open, and logs nothing', async () => {
    const { ready, lines } = await setup();
    await until(() => ready() === true);
    expect(lines()).toEqual([]);
  });

  it('The agent is not ready while another program has its probe port, and logs once what to do', async () => {
    const { ready, log, later, counted } = await setup({ fault: 'EADDRINUSE' });
    await later(30);
    expect(ready()).toBe('listen EADDRINUSE');
    expect(counted).toEqual({ tries: 31, asked: 31 });
    expect(log.lines).toEqual([
      [
        'warn',
        TAKEN,
        {
          address: ADDRESS,
          error: 'listen EADDRINUSE',
          hint: expect.stringMatching(
            /^Stop the program that ss -ltnp 'sport = :9622' shows on this node, or /,
          ),
        },
      ],
    ]);
  });

  it('The probe port is opened when the other program ends', async () => {
    const { state, ready, later, lines } = await setup({ fault: 'EADDRINUSE' });
    delete state.fault;
    await later(1);
    expect(ready()).toBe(true);
    expect(lines()).toEqual([
      ['warn', TAKEN],
      ['info', 'probe port opened'],
    ]);
  });

  it('The agent is ready while an agent of another user answers at its probe port', async () => {
    const { state, ready, later, lines } = await setup({ fault: 'EADDRINUSE', agent: true });
    await later(10);
    expect(ready()).toBe(true);
    delete state.fault;
    await later(1);
    expect(ready()).toBe(true);
    expect(lines()).toEqual([
      ['info', ANOTHER_AGENT],
      ['info', 'probe port opened'],
    ]);
  });

  it('The agent is not ready once the other agent no longer answers at the probe port', async () => {
    const { state, ready, later, lines } = await setup({ fault: 'EADDRINUSE', agent: true });
    state.agent = false;
    await later(2);
    expect(ready()).toBe('listen EADDRINUSE');
    expect(lines()).toEqual([
      ['info', ANOTHER_AGENT],
      ['warn', TAKEN],
    ]);
  });

  it('A probe port on an address that the node does not have is retried, and no request is sent there', async () => {
    const { ready, later, counted, lines } = await setup({ fault: 'EADDRNOTAVAIL' });
    await later(3);
    expect(ready()).toBe('listen EADDRNOTAVAIL');
    expect([counted.asked, lines()]).toEqual([0, [['warn', TAKEN]]]);
  });

  it('The probe port is not retried after the agent has stopped', async () => {
    const { stop, running, counted } = await setup({ fault: 'EADDRINUSE' });
    stop.abort();
    await running;
    expect(counted.tries).toBe(1);
  });
});
