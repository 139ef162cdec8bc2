import { describe, expect, it } from '@jest/globals';
import { askKernel } from '../../src/interception/kernel-answer.ts';
import { parseRouteRules } from '../../src/interception/routes.ts';
import { createFakeNode, failed, ok } from './fake-node.ts';

/** As iproute2 6.1 prints it. */
const OURS = { priority: 6, src: 'all', dst: '169.254.169.254', action: 'prohibit' };

describe('ip rule', () => {
  it('is read as far as it is ours', () => {
    const printed = [
      { priority: 0, src: 'all', table: 'local' },
      { priority: 5, src: 'all', dst: '169.254.169.254', iif: 'lo', table: 'main' },
      OURS,
      { priority: 32766, src: 'all', table: 'main' },
    ];
    expect(parseRouteRules(JSON.stringify(printed), 'ipv4')).toEqual([
      { priority: 5, to: '169.254.169.254', iif: 'lo', action: 'main' },
      { priority: 6, to: '169.254.169.254', action: 'prohibit' },
    ]);
  });

  it.each([
    { name: 'another place', rule: { ...OURS, priority: 7 } },
    { name: 'one source only', rule: { ...OURS, src: '10.0.0.1' } },
    { name: 'a whole network', rule: { ...OURS, dst: '169.254.0.0', dstlen: 16 } },
    { name: 'one mark only', rule: { ...OURS, fwmark: '0x1' } },
    { name: 'another address', rule: { ...OURS, dst: '169.254.169.253' } },
    { name: 'another table', rule: { ...OURS, action: undefined, table: '100' } },
  ])('of others is not ours: $name', ({ rule }) => {
    expect(parseRouteRules(JSON.stringify([rule]), 'ipv4')).toEqual([]);
  });

  it.each(['', '[]', '{}', '[null, 1, "x"]'])('may print %j', (printed) => {
    expect(parseRouteRules(printed, 'ipv4')).toEqual([]);
  });
});

describe("the kernel's answer about a Pod's packet", () => {
  it.each([
    { says: failed('RTNETLINK answers: Permission denied'), kind: 'prohibited' },
    {
      says: ok('169.254.169.254 from 198.18.5.2 via 198.18.0.254 dev eth0 \n    cache iif cali1'),
      kind: 'routed',
    },
    { says: failed('RTNETLINK answers: Invalid cross-device link'), kind: 'unknown' },
    { says: ok(''), kind: 'unknown' },
  ])('is $kind where ip says $says', async ({ says, kind }) => {
    const node = createFakeNode();
    node.setRouteGet(() => says);
    expect((await askKernel(node.run, '198.18.5.2', [])).kind).toBe(kind);
    expect(node.calls.at(-1)).toBe('ip -4 route get 169.254.169.254 from 198.18.5.2 iif cali1');
  });

  it('is not asked about an excluded guest', async () => {
    const node = createFakeNode();
    expect((await askKernel(node.run, '198.18.5.2', ['cali1'])).kind).toBe('unknown');
  });
});
