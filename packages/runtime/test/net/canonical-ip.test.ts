import { isIPv4 } from 'node:net';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { canonicalIp } from '../../src/net/canonical-ip.ts';

describe('Canonical IP', () => {
  it.each([
    { text: '10.1.0.7', ip: '10.1.0.7' },
    { text: '::ffff:10.1.0.7', ip: '10.1.0.7' },
    { text: '::FFFF:10.1.0.7', ip: '10.1.0.7' },
    { text: '::ffff:0a01:0007', ip: '10.1.0.7' },
    { text: '0:0:0:0:0:ffff:10.1.0.7', ip: '10.1.0.7' },
    { text: '::ffff:10.1.0.7%eth0', ip: '10.1.0.7' },
    { text: '2001:DB8:0:0:1:0:0:1', ip: '2001:db8::1:0:0:1' }, // RFC 5952, 4.2.3: the first of two runs
    { text: '2001:db8:0:1:1:1:1:1', ip: '2001:db8:0:1:1:1:1:1' }, // 4.2.2: one zero is not shortened
    { text: 'fd00:ec2:0000::00fe', ip: 'fd00:ec2::fe' },
    { text: 'fe80::1%eth0', ip: 'fe80::1' },
    { text: '::', ip: '::' },
    { text: '64:ff9b::10.1.0.7', ip: '64:ff9b::a01:7' },
  ])('The address $text is written as $ip', ({ text, ip }) => {
    expect(canonicalIp(text)).toBe(ip);
  });

  it.each([
    '',
    '10.1.0',
    '10.1.0.07',
    '10.1.0.7/24',
    '010.1.0.7',
    '0x0a010007',
    '::1::',
    '[::1]',
    'localhost',
    '%eth0',
    ' 10.1.0.7',
  ])('The text %j is not an address', (text) => {
    expect(canonicalIp(text)).toBeUndefined();
  });

  it('Each IPv6 address has one spelling, which is written again unchanged', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const ip = canonicalIp(text);
        expect(ip).toBeDefined();
        expect(canonicalIp(ip ?? '')).toBe(ip);
        expect(canonicalIp(text.toUpperCase())).toBe(ip);
      }),
    );
  });

  it('Every IPv4-mapped address is written as IPv4', () => {
    fc.assert(
      fc.property(fc.ipV4(), (ip) => {
        const hex = ip.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'));
        expect(canonicalIp(`::ffff:${hex.slice(0, 2).join('')}:${hex.slice(2).join('')}`)).toBe(ip);
        expect(isIPv4(canonicalIp(`::ffff:${ip}`) ?? '')).toBe(true);
      }),
    );
  });
});
