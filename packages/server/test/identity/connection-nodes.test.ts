import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { createTestCa } from '@rolegate/testing';
import { createConnectionNodes } from '../../src/identity/connection-nodes.ts';

const PEER = '198.18.0.9:1';

function setup(certificate?: X509Certificate) {
  const nodes = createConnectionNodes();
  const closing: (() => void)[] = [];
  nodes.opened({ peer: PEER, certificate, onClose: (over) => closing.push(over) });
  const close = () => {
    for (const over of closing) over();
  };
  return { nodes, close };
}

describe('a connection', () => {
  it('is verified for as long as it is open', async () => {
    const { cert } = await (await createTestCa()).issue();
    const { nodes, close } = setup(new X509Certificate(cert));
    expect(nodes.verified(PEER)).toBe(true);
    expect(nodes.verified('198.18.0.9:2')).toBeUndefined();
    close();
    expect(nodes.verified(PEER)).toBeUndefined();
  });

  it('is not verified without a certificate that TLS took', () => {
    expect(setup().nodes.verified(PEER)).toBe(false);
  });

  it('belongs to its first node until it is closed', () => {
    const { nodes, close } = setup();
    nodes.bind(PEER, 'node-a');
    expect(nodes.nodeOf(PEER)).toBe('node-a');
    expect(nodes.nodeOf('198.18.0.9:2')).toBeUndefined();
    close();
    expect(nodes.nodeOf(PEER)).toBeUndefined();
  });
});
