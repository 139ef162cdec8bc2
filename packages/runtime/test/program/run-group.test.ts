import { describe, expect, it } from 'vitest';
import { describeError, runGroup } from '@rolegate/runtime';
import type { Service } from '@rolegate/runtime';

function setup() {
  const events: string[] = [];
  const stop = new AbortController();
  /** Runs until the signal aborts. */
  const lasting = (name: string): Service => ({
    name,
    async run(signal) {
      events.push(`${name} runs`);
      await aborted(signal);
      events.push(`${name} stopped`);
    },
  });
  return { events, stop, lasting };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}

describe('Service group', () => {
  it('A group runs all its services, and resolves when the signal aborts', async () => {
    const { events, stop, lasting } = setup();
    const group = runGroup([lasting('a'), lasting('b')], stop.signal);
    expect(events).toEqual(['a runs', 'b runs']);
    stop.abort();
    await group;
    expect(events.slice(2).sort()).toEqual(['a stopped', 'b stopped']);
  });

  it('A failing service stops the others, and the group reports which one failed and why once they have stopped', async () => {
    const { events, stop, lasting } = setup();
    const failing = { name: 'feed', run: () => Promise.reject(new Error('port taken')) };
    const error = await faultOf(runGroup([lasting('a'), failing], stop.signal));
    expect(describeError(error)).toBe('a service failed; service feed failed: port taken');
    expect(events).toEqual(['a runs', 'a stopped']);
  });

  it('A service that ends unexpectedly is treated as failed', async () => {
    const { stop, lasting } = setup();
    const ending = { name: 'watch', run: () => Promise.resolve() };
    const error = await faultOf(runGroup([ending, lasting('a')], stop.signal));
    expect(describeError(error)).toContain('service watch failed: it ended unexpectedly');
  });

  it('A service that throws before its first await is reported as failed', async () => {
    const { stop, lasting } = setup();
    const throwing: Service = {
      name: 'flags',
      run() {
        throw new Error('at once');
      },
    };
    const error = await faultOf(runGroup([throwing, lasting('a')], stop.signal));
    expect(describeError(error)).toContain('service flags failed: at once');
  });

  it('The group reports every failure, including those while stopping', async () => {
    const { stop } = setup();
    const stubborn: Service = {
      name: 'a',
      async run(signal) {
        await aborted(signal);
        throw new Error('could not stop');
      },
    };
    const failing = { name: 'b', run: () => Promise.reject(new Error('failed first')) };
    const text = describeError(await faultOf(runGroup([stubborn, failing], stop.signal)));
    expect(text).toContain('service a failed: could not stop');
    expect(text).toContain('service b failed: failed first');
  });

  it('The group calls run as a method of its service', async () => {
    const { stop } = setup();
    stop.abort();
    const service = {
      name: 'counter',
      runs: 0,
      run() {
        this.runs += 1;
        return Promise.resolve();
      },
    };
    await runGroup([service], stop.signal);
    expect(service.runs).toBe(1);
  });
});

async function faultOf(group: Promise<void>): Promise<unknown> {
  try {
    await group;
  } catch (error) {
    return error;
  }
  throw new Error('the group ended in peace');
}
