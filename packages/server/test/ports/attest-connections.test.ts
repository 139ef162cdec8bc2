import { describe, expect, it } from 'vitest';
import type { ClientConnection } from '@rolegate/protocol';
import { createFakeClock } from '@rolegate/testing';
import { createAttestConnections } from '../../src/ports/attest-connections.ts';

function setup() {
  const clock = createFakeClock();
  const hits: string[] = [];
  const ended: string[] = [];
  const connections = createAttestConnections({
    clock,
    hit: (limit, { address }) => hits.push(`${limit} ${address}`),
  });
  let port = 0;
  const open = (address: string) => {
    const peer = `${address}:${(port += 1)}`;
    const accepted = { bytesRead: 0 };
    const listeners = { close: () => undefined as unknown, request: () => undefined as unknown };
    connections.opened({
      peer,
      address,
      accepted: accepted as unknown as ClientConnection['accepted'],
      certificate: undefined,
      end: () => {
        ended.push(peer);
        listeners.close();
      },
      onClose: (call) => (listeners.close = call),
      onRequest: (call) => (listeners.request = call),
    });
    return { peer, accepted, listeners };
  };
  return { clock, hits, ended, connections, open };
}

describe('Attestation connections', () => {
  it('An attestation connection closes after five seconds, even while a ServiceAccount token is being reviewed', async () => {
    const { clock, connections, ended, open } = setup();
    const [idle, busy] = [open('198.18.0.1'), open('198.18.0.2')];
    connections.showing(busy.peer);
    await clock.advance(4_999);
    expect(ended).toEqual([]);
    await clock.advance(1);
    expect(ended).toEqual([idle.peer, busy.peer]);
    expect(connections.size()).toBe(0);
  });

  it('An attestation connection is closed at its fifth call, which is counted', async () => {
    const { ended, open, hits } = setup();
    const { listeners, peer } = open('198.18.0.1');
    for (let calls = 0; calls < 4; calls += 1) listeners.request();
    await new Promise(setImmediate);
    expect(ended).toEqual([]);
    for (let calls = 0; calls < 10; calls += 1) listeners.request();
    await new Promise(setImmediate);
    expect([ended, hits]).toEqual([[peer], ['attest_calls 198.18.0.1']]);
  });

  it('An attestation connection is closed soon after it has sent more than 64 KiB', async () => {
    const { clock, ended, open, hits } = setup();
    const { accepted, peer } = open('198.18.0.1');
    accepted.bytesRead = 64 * 1024;
    await clock.advance(200);
    expect(ended).toEqual([]);
    accepted.bytesRead += 1;
    await clock.advance(100);
    expect([ended, hits]).toEqual([[peer], ['connection_bytes 198.18.0.1']]);
  });

  it('An attestation connection that is closed leaves no timer behind', async () => {
    const { clock, open } = setup();
    open('198.18.0.1').listeners.close();
    await clock.advance(100);
    expect(clock.pending).toBe(0);
  });
});

describe('Limit of attestation connections', () => {
  it('Of 512 attestation connections, the oldest of the address with the most is closed for a new one', () => {
    const { connections, ended, open, hits } = setup();
    const honest = open('198.18.0.2');
    const flood = Array.from({ length: 511 }, () => open('198.18.0.1'));
    expect(ended).toEqual([]);
    open('198.18.0.3');
    expect(ended).toEqual([flood[0]?.peer]);
    expect(hits).toEqual(['attest_connections 198.18.0.1']);
    for (let at = 0; at < 1_000; at += 1) open('198.18.0.1');
    expect(ended).not.toContain(honest.peer);
    expect(connections.size()).toBe(512);
  });

  it('An attestation connection on which an agent presents its ServiceAccount token is kept, however many others are opened', () => {
    const { connections, ended, open } = setup();
    const agent = open('198.18.0.1');
    const over = connections.showing(agent.peer);
    for (let at = 0; at < 2_000; at += 1) open('198.18.0.1');
    expect(ended).not.toContain(agent.peer);
    over();
    for (let at = 0; at < 512; at += 1) open('198.18.0.1');
    expect(ended).toContain(agent.peer);
  });

  it('A connection of the address with the most is closed even if all present ServiceAccount tokens of agents', () => {
    const { connections, ended, open } = setup();
    const shown = (address: string) => {
      const connection = open(address);
      connections.showing(connection.peer);
      return connection;
    };
    const honest = shown('198.18.0.2');
    const flood = Array.from({ length: 511 }, () => shown('198.18.0.1'));
    open('198.18.0.3');
    expect(ended).toEqual([flood[0]?.peer]);
    expect(ended).not.toContain(honest.peer);
  });
});
