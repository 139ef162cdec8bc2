import { describe, expect, it } from 'vitest';
import { describeError, runGroup } from '@rolegate/runtime';
import type { Service } from '@rolegate/runtime';

function setup() {
  const events: string[] = [];
  const stop = new AbortController();
  /** Runs until it is told to stop. */
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

describe('runGroup', () => {
  it('runs all, and ends in peace when the signal aborts', async () => {
    const { events, stop, lasting } = setup();
    const group = runGroup([lasting('a'), lasting('b')], stop.signal);
    expect(events).toEqual(['a runs', 'b runs']);
    stop.abort();
    await group;
    expect(events.slice(2).sort()).toEqual(['a stopped', 'b stopped']);
  });

  it('stops the others when one fails, waits for them, and says which one failed and why', async () => {
    const { events, stop, lasting } = setup();
    const failing = { name: 'feed', run: () => Promise.reject(new Error('port taken')) };
    const error = await faultOf(runGroup([lasting('a'), failing], stop.signal));
    expect(describeError(error)).toBe('a service failed; service feed failed: port taken');
    expect(events).toEqual(['a runs', 'a stopped']);
  });

  it('takes a service that ends by itself for a failed one', async () => {
    const { stop, lasting } = setup();
    const ending = { name: 'watch', run: () => Promise.resolve() };
    const error = await faultOf(runGroup([ending, lasting('a')], stop.signal));
    expect(describeError(error)).toContain('service watch failed: it ended by itself');
  });

  it('tells of a service that throws before its first await', async () => {
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

  it('tells all faults, those of stopping included', async () => {
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

  it('calls services as their methods', async () => {
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
