import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { createFakeClock, createTestCa } from '@rolegate/testing';
import { createNodeConnections } from '../../src/ports/node-connections.ts';

describe('Node connections', () => {
  const certificates = new Map<string, X509Certificate>();
  beforeAll(async () => {
    const ca = await createTestCa();
    for (const uri of ['spiffe://rolegate/node/node-a', 'spiffe://rolegate/node/node-b', 'urn:nobody'])
      certificates.set(uri, new X509Certificate((await ca.issue({ uris: [uri] })).cert));
  });

  function setup() {
    const clock = createFakeClock();
    const hits: object[] = [];
    const ended: string[] = [];
    const opened = createNodeConnections({
      trustDomain: 'rolegate',
      clock,
      hit: (limit, subject) => hits.push({ limit, ...subject }),
    });
    const open = (uri: string, peer: string, address = '198.18.0.1') => {
      const accepted = { bytesRead: 0 };
      const listeners = { close: () => undefined as unknown, request: () => undefined as unknown };
      opened({
        peer,
        address,
        accepted: accepted as never,
        certificate: certificates.get(uri),
        end: () => {
          ended.push(peer);
          listeners.close();
        },
        onClose: (call) => (listeners.close = call),
        onRequest: (call) => (listeners.request = call),
      });
      return { accepted, listeners };
    };
    const ofNode = (node: string, peer: string, address?: string) =>
      open(`spiffe://rolegate/node/${node}`, peer, address);
    return { clock, hits, ended, open, ofNode };
  }

  it('A node has eight connections, wherever they come from, and a ninth closes the oldest', () => {
    const { ofNode, ended, hits } = setup();
    ofNode('node-b', 'other');
    for (let at = 0; at < 8; at += 1) ofNode('node-a', `${at}`, `198.18.1.${at}`);
    expect(ended).toEqual([]);
    ofNode('node-a', 'next', '198.18.1.9');
    expect(ended).toEqual(['0']);
    expect(hits).toEqual([{ limit: 'node_connections', address: '198.18.1.9', node: 'node-a' }]);
    for (let at = 0; at < 1_000; at += 1) ofNode('node-a', 'thief');
    expect(ended).not.toContain('other');
  });

  it('A node connection that is closed makes room', () => {
    const { ofNode, ended } = setup();
    for (let at = 0; at < 100; at += 1) ofNode('node-a', `${at}`).listeners.close();
    expect(ended).toEqual([]);
  });

  it('Connections whose certificates name no node are counted by address', () => {
    const { open, ended } = setup();
    open('urn:nobody', 'other', '198.18.0.2');
    for (let at = 0; at < 513; at += 1) open('urn:nobody', `${at}`, '198.18.0.1');
    expect(ended).toEqual(['0']);
  });

  it('A node makes 1,000 calls at once and then 100 a second, and the connection that exceeds this is closed', async () => {
    const { ofNode, ended, hits, clock } = setup();
    const [first, second] = [ofNode('node-a', 'first'), ofNode('node-a', 'second')];
    const other = ofNode('node-b', 'other');
    const call = async ({ listeners }: typeof first, times: number) => {
      for (let calls = 0; calls < times; calls += 1) listeners.request();
      await new Promise(setImmediate);
    };
    await call(first, 600);
    await call(second, 400);
    await call(other, 1);
    expect(ended).toEqual([]);
    await call(second, 1);
    expect(ended).toEqual(['second']);
    expect(hits).toEqual([{ limit: 'node_calls', address: '198.18.0.1', node: 'node-a' }]);
    await clock.advance(1_000);
    await call(first, 100);
    expect(ended).toEqual(['second']);
    await call(first, 1);
    expect(ended).toEqual(['second', 'first']);
  });

  it('A node sends 32 MiB at once and then 4 MiB a second, and the connection that exceeds this is closed', async () => {
    const { ofNode, ended, hits, clock } = setup();
    const { accepted } = ofNode('node-a', 'thief');
    ofNode('node-b', 'other');
    accepted.bytesRead = 32 * 1024 * 1024;
    await clock.advance(1_000);
    accepted.bytesRead += 4 * 1024 * 1024;
    await clock.advance(1_000);
    expect(ended).toEqual([]);
    accepted.bytesRead += 6 * 1024 * 1024;
    await clock.advance(1_000);
    expect(ended).toEqual(['thief']);
    expect(hits).toEqual([{ limit: 'connection_bytes', address: '198.18.0.1', node: 'node-a' }]);
  });

  it('A node connection that is closed leaves no timer behind', async () => {
    const { ofNode, clock } = setup();
    ofNode('node-a', 'one').listeners.close();
    await clock.advance(2_000);
    expect(clock.pending).toBe(0);
  });
});
