import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { KEY_PERIOD_MS, keysChangeInMs, SECRET_BYTES, tokenKeysOf } from '../../src/identity/token-keys.ts';

const SECRET = Buffer.alloc(32, 7);
const NOW = Date.UTC(2026, 10, 23, 7, 39, 10);

function keysOf(node: string, secret = SECRET, now = NOW) {
  return (tokenKeysOf(node, secret, now).keys ?? []).map(
    ({ id, secret: key }) => `${String(id)} ${Buffer.from(key ?? '').toString('hex')}`,
  );
}

describe('Token keys', () => {
  it('A node has two token keys of full length, the same on each replica that has the secret', () => {
    expect(keysOf('node-a')).toHaveLength(2);
    expect(keysOf('node-a')).toEqual(keysOf('node-a', Buffer.alloc(32, 7)));
    for (const { secret } of tokenKeysOf('node-a', SECRET, NOW).keys ?? [])
      expect(secret).toHaveLength(SECRET_BYTES);
  });

  it.each([
    { what: 'another node', keys: () => keysOf('node-b') },
    { what: 'another secret', keys: () => keysOf('node-a', Buffer.alloc(32, 8)) },
  ])('Token keys are different for $what', ({ keys }) => {
    const here = keysOf('node-a');
    for (const key of keys()) expect(here).not.toContain(key);
  });

  it('Token keys verify in the next period what was signed in this one, and no longer', () => {
    const [signing = ''] = keysOf('node-a');
    expect(keysOf('node-a', SECRET, NOW + KEY_PERIOD_MS)[1]).toBe(signing);
    expect(keysOf('node-a', SECRET, NOW + 2 * KEY_PERIOD_MS)).not.toContain(signing);
  });

  it('Token keys change exactly when announced', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (now) => {
        const change = keysChangeInMs(now);
        expect(change).toBeGreaterThan(0);
        expect(keysOf('n', SECRET, now + change - 1)).toEqual(keysOf('n', SECRET, now));
        expect(keysOf('n', SECRET, now + change)).not.toEqual(keysOf('n', SECRET, now));
      }),
      { numRuns: 30 },
    );
  });
});
