import { describe, expect, it } from '@jest/globals';
import type { ClientConnection } from '@rolegate/protocol';
import { createFakeClock } from '@rolegate/testing';
import { createConnectionNodes } from '../../src/identity/connection-nodes.ts';

const PEER = '198.18.0.9:1';

function setup(shown: Pick<ClientConnection, 'verified' | 'unverified'>) {
  const told: { peer: string; fault: string }[] = [];
  const nodes = createConnectionNodes({
    clock: createFakeClock(),
    unverified: (refused) => told.push(refused),
  });
  const closing: (() => void)[] = [];
  nodes.opened({
    ...{ ...shown, peer: PEER, end: () => undefined },
    onClose: (over) => closing.push(over),
  });
  const close = () => {
    for (const over of closing) over();
  };
  return { nodes, told, close };
}

describe('a connection', () => {
  it('is verified for as long as it is open', () => {
    const { nodes, told, close } = setup({ verified: true, unverified: undefined });
    expect(nodes.verified(PEER)).toBe(true);
    expect(nodes.verified('198.18.0.9:2')).toBeUndefined();
    close();
    expect(nodes.verified(PEER)).toBeUndefined();
    expect(told).toEqual([]);
  });

  it.each([undefined, { code: 'CERT_HAS_EXPIRED', which: 'it names nobody' }])(
    'is not verified where TLS did not take its certificate: %o',
    (unverified) => {
      const { nodes, told } = setup({ verified: false, unverified });
      expect(nodes.verified(PEER)).toBe(false);
      expect(told).toHaveLength(unverified === undefined ? 0 : 1);
    },
  );
});
