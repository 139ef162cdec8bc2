import { isIPv6 } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalIp } from '../../src/kubernetes/ip.ts';

describe('canonicalIp', () => {
  it.each([
    { text: '10.0.0.1', canonical: '10.0.0.1' },
    { text: '::ffff:10.0.0.1', canonical: '10.0.0.1' },
    { text: '::FFFF:0a00:0001', canonical: '10.0.0.1' },
    { text: '0:0:0:0:0:ffff:10.0.0.1', canonical: '10.0.0.1' },
    { text: '2001:DB8::0:1', canonical: '2001:db8::1' },
    { text: '2001:0db8:0000:0000:0001:0000:0000:0001', canonical: '2001:db8::1:0:0:1' },
    { text: '2001:db8:0:1:1:1:1:1', canonical: '2001:db8:0:1:1:1:1:1' },
    { text: '::1', canonical: '::1' },
    { text: '::', canonical: '::' },
    { text: '::fffe:10.0.0.1', canonical: '::fffe:a00:1' },
  ])('writes $text as $canonical', ({ text, canonical }) => {
    expect(canonicalIp(text)).toBe(canonical);
  });

  it.each([
    '',
    '10.0.0',
    '10.0.0.256',
    '010.0.0.1',
    '0x0a.0.0.1',
    '167772161',
    'fe80::1%eth0',
    '[::1]',
    '::1/64',
    ' ::1',
    '1::2::3',
    'localhost',
  ])('takes %j for no address', (text) => {
    expect(canonicalIp(text)).toBeUndefined();
  });

  it('gives every spelling of an address the same form, which is its own canonical form', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const canonical = canonicalIp(text);
        // fast-check also writes what Node does not take.
        if (!isIPv6(text)) return;
        expect(canonicalIp(text.toUpperCase())).toBe(canonical);
        expect(canonicalIp(String(canonical))).toBe(canonical);
      }),
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        canonicalIp(text);
      }),
    );
  });
});
