import { describe, expect, it } from 'vitest';
import { aborted } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { createCredentialsListening } from '../../src/container-credentials/listening.ts';
import { createServingState } from '../../src/container-credentials/serving-state.ts';
import { recordingLog, until } from '../metadata/served.ts';

const FOUR = { host: '127.0.0.23', port: 0 };
const SIX = { host: '::1', port: 0 };

/** An error of the system. */
function systemError(code: string): Error {
  return Object.assign(new Error(`listen ${code}`), { code });
}

/** `missing`: addresses that the node does not have yet, each with the error of listening there. */
async function setup({ hostIps = ['10.0.0.7'], missing = new Map<string, string>(), held = false } = {}) {
  const clock = createFakeClock();
  const { log, lines } = recordingLog();
  const serving = createServingState({ log });
  const tries: string[] = [];
  const listening = createCredentialsListening({
    addresses: [FOUR, SIX],
    hostIps,
    listen(host) {
      tries.push(host);
      const code = missing.get(host);
      return code === undefined ? Promise.resolve() : Promise.reject(systemError(code));
    },
    ports: {
      async take({ host, port }, listen, signal) {
        if (held) {
          await aborted(signal);
          return false;
        }
        await listen(host, port);
        return true;
      },
      stateOf: () => (held ? 'held' : undefined),
    },
    canAnswer: () => true,
    serving,
    clock,
    log,
  });
  const stop = new AbortController();
  const running = listening.run(stop.signal);
  await until(() => held || tries.length === 2);
  return {
    clock,
    missing,
    listening,
    serving,
    tries,
    lines: () => lines.map(({ level, message, fields }) => [level, message, fields['address']]),
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}

describe('Listening for container credentials', () => {
  it('The endpoint is served once the agent listens on the first address', async () => {
    const { listening, serving, lines, stop } = await setup();
    await until(() => serving.current());
    expect(listening.check.ready()).toBe(true);
    expect(lines()).toContainEqual(['info', 'container credentials endpoint listening', FOUR.host]);
    await stop();
  });

  it('A missing address is tried each second, with one line when it waits and one when it listens', async () => {
    const { clock, missing, listening, serving, tries, lines, stop } = await setup({
      missing: new Map([[FOUR.host, 'EADDRNOTAVAIL']]),
    });
    for (let seconds = 0; seconds < 3; seconds += 1) await clock.advance(1_000);
    expect(tries.filter((host) => host === FOUR.host)).toHaveLength(4);
    expect(serving.current()).toBe(false);
    expect(listening.check).toMatchObject({ informative: true });
    expect(listening.check.ready()).toBe('not listening: waiting for the address to be added to the node');
    expect(listening.addresses()).toEqual([
      { at: FOUR, waitsFor: 'the address to be added to the node' },
      { at: SIX, waitsFor: undefined },
    ]);
    missing.clear();
    await clock.advance(1_000);
    expect(serving.current()).toBe(true);
    expect(lines().filter(([, , address]) => address === FOUR.host)).toEqual([
      ['info', 'container credentials endpoint waiting for its address', FOUR.host],
      ['info', 'container credentials endpoint listening', FOUR.host],
    ]);
    await stop();
  });

  it.each(['EADDRNOTAVAIL', 'EAFNOSUPPORT'])(
    'A node without IPv6 waits for that address without a line (%s)',
    async (code) => {
      const { clock, serving, lines, stop } = await setup({ missing: new Map([[SIX.host, code]]) });
      await clock.advance(1_000);
      expect(serving.current()).toBe(true);
      expect(lines().filter(([, , address]) => address === SIX.host)).toEqual([]);
      await stop();
    },
  );

  it('A node with IPv6 says once that it waits for that address', async () => {
    const { clock, lines, stop } = await setup({
      hostIps: ['10.0.0.7', '2001:db8::7'],
      missing: new Map([[SIX.host, 'EADDRNOTAVAIL']]),
    });
    await clock.advance(1_000);
    expect(lines().filter(([, , address]) => address === SIX.host)).toHaveLength(1);
    await stop();
  });

  it('A port that another user has is said to be waited for', async () => {
    const { listening, serving, stop } = await setup({ held: true });
    expect(serving.current()).toBe(false);
    expect(listening.check.ready()).toBe('not listening: waiting for the port, which another user has');
    await stop();
  });

  it('Another error is a warning, costs the agent nothing else, and is tried again', async () => {
    const { clock, missing, serving, lines, stop } = await setup({
      missing: new Map([[FOUR.host, 'EACCES']]),
    });
    await until(() => lines().length === 2);
    expect(lines()).toContainEqual(['warn', 'cannot listen for container credentials', FOUR.host]);
    missing.clear();
    await clock.advance(1_000);
    expect(serving.current()).toBe(true);
    await stop();
  });
});
