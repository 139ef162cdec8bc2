import { expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createNodeAddresses } from '../../src/container-credentials/node-addresses.ts';

it("The node's own addresses are those given in any spelling, and those of its interfaces as of ten seconds ago", async () => {
  const clock = createFakeClock();
  let interfaces = ['10.244.0.1'];
  let reads = 0;
  const isNodeAddress = createNodeAddresses({
    own: ['169.254.170.23', 'FD00:EC2::0023'],
    read: () => {
      reads += 1;
      return interfaces;
    },
    clock,
  });
  expect(isNodeAddress('169.254.170.23')).toBe(true);
  expect(isNodeAddress('fd00:ec2::23')).toBe(true);
  expect(reads).toBe(0);
  expect(isNodeAddress('10.244.0.1')).toBe(true);
  expect(isNodeAddress('10.244.0.7')).toBe(false);
  expect(reads).toBe(1);
  interfaces = ['fe80::1%eth0'];
  await clock.advance(10_000);
  expect(isNodeAddress('fe80::1')).toBe(true);
  expect(isNodeAddress('10.244.0.1')).toBe(false);
});

it('Without anything given the interfaces of this machine are read', () => {
  const isNodeAddress = createNodeAddresses({ own: [], clock: createFakeClock() });
  expect(isNodeAddress('127.0.0.1')).toBe(true);
});
