import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { createHostCheck, metadataHosts } from '../../src/pod-http/host-check.ts';

const isMetadata = createHostCheck(metadataHosts);

/** The eight groups of fd00:ec2::254. */
const GROUPS = ['fd00', 'ec2', '0', '0', '0', '0', '0', '254'];

/** Every spelling of fd00:ec2::254: groups padded or not, in either case, with any run of zeros folded. */
const spellings = fc
  .record({
    padded: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 8, maxLength: 8 }),
    upper: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
    fold: fc.option(fc.tuple(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 5 }))),
  })
  .map(({ padded, upper, fold }) => {
    const groups = GROUPS.map((group, at) => {
      const text = group.padStart(padded[at] ?? 1, '0');
      return upper[at] === true ? text.toUpperCase() : text;
    });
    if (fold === null) return groups.join(':');
    const [from, length] = fold;
    const to = Math.min(from + length, 7);
    return `${groups.slice(0, from).join(':')}::${groups.slice(to).join(':')}`;
  });
const ports = fc.constantFrom('', ':80', ':8080', ':');

describe('Host check', () => {
  it.each([
    undefined,
    '',
    '169.254.169.254',
    '169.254.169.254:80',
    '169.254.169.254:',
    '[fd00:ec2::254]',
    '[fd00:ec2::254]:80',
    'fd00:ec2::254',
    'fd00:ec2::254:80',
    '[::ffff:169.254.169.254]',
    '::FFFF:a9fe:a9fe',
    'instance-data',
    'INSTANCE-DATA:80',
    'instance-data.ec2.internal',
    'Instance-Data.EC2.internal.',
    'instance-data.ec2.internal.:80',
  ])('The Host %j is accepted', (host) => {
    expect(isMetadata(host)).toBe(true);
  });

  it.each([
    '0xa9fea9fe',
    '2852039166',
    '0251.0376.0251.0376',
    '169.254.43518',
    '169.254.169.254.nip.io',
    '169.254.169.254@x',
    '169.254.169.254:80:80',
    '169.254.169.254:x',
    '169.254.169.254/',
    '[169.254.169.254]',
    '169.254.169.253',
    '169.254.170.2',
    '[fd00:ec2::254',
    'fd00:ec2::254]',
    '[fd00:ec2::254]x',
    '[fd00:ec2::254%25eth0]',
    'fd00:ec2::254%eth0',
    '[fd00:ec2::253]',
    'fd00:ec2::254:80:80',
    'xinstance-data',
    'instance-data..',
    'instance-data.eu-central-1.compute.internal',
    'instance-data.ec2.internal.example',
    '.',
    ':',
    ':80',
    '[',
    '[]',
  ])('The Host %j is refused', (host) => {
    expect(isMetadata(host)).toBe(false);
  });

  it('The IPv6 address is accepted in every spelling, with or without brackets and port', () => {
    fc.assert(
      fc.property(spellings, fc.boolean(), ports, (address, brackets, port) => {
        expect(isMetadata((brackets ? `[${address}]` : address) + port)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('Every other address and name is refused, whatever it looks like', () => {
    const other = fc.oneof(
      fc.domain(),
      fc.ipV4(),
      fc.ipV4Extended(),
      fc.ipV6().map((address) => `[${address}]`),
      fc.webAuthority(),
      fc.string(),
      fc.constantFrom(...metadataHosts).map((host) => `${host}.example`),
      fc.constantFrom(...metadataHosts).map((host) => `x.${host}`),
    );
    fc.assert(
      fc.property(other, fc.constantFrom('', ':80', '.', ':'), (name, end) => {
        fc.pre(name !== '' && !/^\[?(?:169\.254\.169\.254|fd00:ec2|instance-data)\]?(?::|$)/i.test(name));
        expect(isMetadata(name + end)).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it('Hosts that the operator adds are accepted in any case and spelling, and no others', () => {
    const isAllowed = createHostCheck([...metadataHosts, 'Relay.Internal', '::1', '127.0.0.1']);
    const added = [
      'relay.internal',
      'RELAY.internal:8080',
      'relay.internal.',
      '[::1]:80',
      '[0:0::1]',
      '::1',
      '127.0.0.1:1',
    ];
    for (const host of added) expect({ host, allowed: isAllowed(host) }).toEqual({ host, allowed: true });
    for (const host of ['internal', '[::2]', '::2', '127.0.0.1:1:1', 'relay'])
      expect({ host, allowed: isAllowed(host) }).toEqual({ host, allowed: false });
  });

  it('Very long hosts are checked within two seconds', () => {
    const startedMs = performance.now();
    for (const part of [':', '[', '.', '0:', ':0', 'a.'])
      for (let times = 0; times < 20; times += 1) isMetadata(part.repeat(8_000));
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });
});
