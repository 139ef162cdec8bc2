import { describe, expect, it } from 'vitest';
import { createListeners, listenerFailed } from '../../src/listeners/listeners.ts';
import { silentLog } from '../../src/log/log.ts';

function setup() {
  const calls: string[] = [];
  const listeners = createListeners<string>({
    failed: (error, event) => void calls.push(`${event} failed: ${String(error)}`),
  });
  return { calls, listeners };
}

describe('Listeners', () => {
  it('Listeners are called synchronously, in the order in which they were added', () => {
    const { listeners, calls } = setup();
    listeners.on((event) => calls.push(`first ${event}`));
    listeners.on((event) => calls.push(`second ${event}`));
    listeners.tell('boil');
    expect(calls).toEqual(['first boil', 'second boil']);
  });

  it('The other listeners hear of an event if one throws', () => {
    const { listeners, calls } = setup();
    listeners.on(() => {
      throw new Error('broken');
    });
    listeners.on((event) => calls.push(event));
    listeners.tell('boil');
    expect(calls).toEqual(['boil failed: Error: broken', 'boil']);
  });

  it('A listener that was added twice is removed once', () => {
    const { listeners, calls } = setup();
    const listener = (event: string) => void calls.push(event);
    const remove = listeners.on(listener);
    listeners.on(listener);
    remove();
    remove();
    listeners.tell('boil');
    expect(calls).toEqual(['boil']);
  });

  it('Listeners added or removed by a listener count from the next event on', () => {
    const { listeners, calls } = setup();
    const remove = listeners.on(() => {
      removeSecond();
      listeners.on((event) => calls.push(`late ${event}`));
      remove();
    });
    const removeSecond = listeners.on((event) => calls.push(`second ${event}`));
    listeners.tell('boil');
    listeners.tell('cool');
    expect(calls).toEqual(['second boil', 'late cool']);
  });

  it('A listener that throws is logged with what it listens to', () => {
    const lines: unknown[] = [];
    const log = { ...silentLog, error: (...line: unknown[]) => void lines.push(line) };
    listenerFailed(log, 'kettle')(new Error('broken'));
    expect(lines).toEqual([
      [
        'internal event handler failed',
        { to: 'kettle', error: 'broken', hint: expect.any(String) as unknown },
      ],
    ]);
  });
});
