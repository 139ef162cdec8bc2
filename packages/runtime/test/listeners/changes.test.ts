import { describe, expect, it } from 'vitest';
import { createChanges } from '../../src/listeners/changes.ts';
import { silentLog } from '../../src/log/log.ts';

function setup() {
  const lines: (readonly [string, object | undefined])[] = [];
  const log = { ...silentLog, lines, error: (...line: [string, object?]) => lines.push([line[0], line[1]]) };
  const calls: string[] = [];
  return { log, calls, changes: createChanges({ log, of: 'kettle' }) };
}

describe('Changes', () => {
  it('Changes are announced once per microtask, however many there are', async () => {
    const { changes, calls } = setup();
    changes.on(() => calls.push('told'));
    changes.notify();
    changes.notify();
    expect(calls).toEqual([]);
    await Promise.resolve();
    expect(calls).toEqual(['told']);
    changes.notify();
    await Promise.resolve();
    expect(calls).toEqual(['told', 'told']);
  });

  it('A change reaches the other listeners if one throws, and the error is logged', async () => {
    const { changes, calls, log } = setup();
    changes.on(() => {
      throw new Error('broken');
    });
    changes.on(() => calls.push('told'));
    changes.notify();
    await Promise.resolve();
    expect(calls).toEqual(['told']);
    expect(log.lines).toEqual([
      [
        'internal event handler failed',
        { to: 'kettle', error: 'broken', hint: expect.any(String) as unknown },
      ],
    ]);
  });

  it('A removed listener is not called, and removing it twice has no effect', async () => {
    const { changes, calls } = setup();
    const listener = () => void calls.push('told');
    const leave = changes.on(listener);
    changes.on(listener);
    leave();
    leave();
    changes.notify();
    await Promise.resolve();
    expect(calls).toEqual(['told']);
  });

  it('A change made by a listener is announced again', async () => {
    const { changes, calls } = setup();
    changes.on(() => {
      calls.push('told');
      if (calls.length < 3) changes.notify();
    });
    changes.notify();
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    expect(calls).toHaveLength(3);
  });
});
