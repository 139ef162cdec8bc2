import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createTestCa } from '@rolegate/testing';
import { createConnectionNodes } from '../../src/identity/connection-nodes.ts';

const ADDRESS = '198.18.0.9';
const PEER = `${ADDRESS}:1`;

function setup(certificate?: X509Certificate) {
  const nodes = createConnectionNodes();
  const closing: (() => void)[] = [];
  nodes.opened({ peer: PEER, address: ADDRESS, certificate, onClose: (over) => closing.push(over) });
  const close = () => {
    for (const over of closing) over();
  };
  return { nodes, close };
}

describe('Connection nodes', () => {
  it('A connection with a certificate is verified for as long as it is open', async () => {
    const { cert } = await (await createTestCa()).issue();
    const { nodes, close } = setup(new X509Certificate(cert));
    expect(nodes.verified(PEER)).toBe(true);
    expect(nodes.verified('198.18.0.9:2')).toBeUndefined();
    close();
    expect(nodes.verified(PEER)).toBeUndefined();
  });

  it('A connection without a certificate that TLS accepted is not verified', () => {
    expect(setup().nodes.verified(PEER)).toBe(false);
  });

  it("A connection makes its address an agent's while it is open and verified", async () => {
    const { cert } = await (await createTestCa()).issue();
    const { nodes, close } = setup(new X509Certificate(cert));
    expect([ADDRESS, '198.18.0.8'].map(nodes.isAgents)).toEqual([true, false]);
    close();
    expect(nodes.isAgents(ADDRESS)).toBe(false);
    expect(setup().nodes.isAgents(ADDRESS)).toBe(false);
  });

  it('A connection belongs to the node it is bound to until it is closed', () => {
    const { nodes, close } = setup();
    nodes.bind(PEER, 'node-a');
    expect(nodes.nodeOf(PEER)).toBe('node-a');
    expect(nodes.nodeOf('198.18.0.9:2')).toBeUndefined();
    close();
    expect(nodes.nodeOf(PEER)).toBeUndefined();
  });
});
