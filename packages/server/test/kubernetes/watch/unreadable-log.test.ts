import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createUnreadableLog } from '../../../src/kubernetes/watch/unreadable-log.ts';
import { recordingLog } from '../setup.ts';

function setup() {
  const clock = createFakeClock();
  const { log, lines } = recordingLog();
  return { clock, lines, unreadable: createUnreadableLog({ kind: 'Pod', clock, log }) };
}

describe('Unreadable log', () => {
  it('The log reports each unreadable object once', () => {
    const { lines, unreadable } = setup();
    for (let times = 0; times < 3; times += 1) unreadable('it has no name', 'shop/?/u-1', 'shop');
    expect(lines).toEqual([
      {
        level: 'warn',
        message: 'unreadable object from API server',
        fields: {
          kind: 'Pod',
          fault: 'it has no name',
          which: 'shop/?/u-1',
          hint: expect.stringContaining('delete the object') as unknown,
        },
      },
    ]);
  });

  it('The log limits the lines of one Namespace, reports how many were omitted, and hides no other Namespace', async () => {
    const { clock, lines, unreadable } = setup();
    for (let n = 0; n < 500; n += 1) unreadable('it has no name', `storm/?/u-${n}`, 'storm');
    expect(lines).toHaveLength(5);
    unreadable('it has no name', 'shop/?/u-1', 'shop');
    expect(lines.at(-1)?.fields).toMatchObject({ which: 'shop/?/u-1' });
    await clock.advance(60_000);
    expect(lines.at(-1)).toMatchObject({
      message: 'unreadable object lines suppressed',
      fields: { kind: 'Pod', namespace: 'storm', leftOut: 495 },
    });
  });
});
