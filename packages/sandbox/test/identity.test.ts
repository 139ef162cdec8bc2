import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually as eventuallyWithin } from '@rolegate/testing';
import { AUTHORITY, startIdentityWorld, SYSTEM } from './identity-world.ts';
import type { IdentityWorld } from './identity-world.ts';
import { eventually, expectLine, seen } from './setup.ts';

/** Servers check the Secret every 10 s. Milliseconds. */
const KNOWN = { withinMs: 25_000, everyMs: 50 };

describe('Three servers', () => {
  const opened = new AsyncDisposableStack();
  let world: IdentityWorld;
  beforeAll(async () => {
    world = opened.use(await startIdentityWorld());
  });
  afterAll(async () => {
    await opened.disposeAsync();
  });

  const attest = (node: string, server = 0) =>
    peer(server).attest(world.api.issueToken({ pod: world.agentPod(node) }));

  function peer(server: number) {
    const found = world.peers[server];
    if (found === undefined) throw new Error(`there is no server ${server}`);
    return found;
  }

  it('Three servers that start together share one authority, and serve an agent that proved its node', async () => {
    await eventually(async () => {
      expect(seen(await world.as('steady/pod').credentials())).toEqual({ status: 200, role: 'steady' });
    });
    const found = world.serverLog.filter(({ msg }) => msg === 'authority found');
    expect(found).toHaveLength(3);
    expect(new Set(found.map(({ authority }) => authority)).size).toBe(1);
    await expectLine(world.agentLog, { msg: 'certificate issued' });
  });

  it('A certificate issued by one server is accepted by all, for its own node alone', async () => {
    const shown = await attest('node-7', 0);
    for (const other of world.peers) {
      expect((await other.feed({ nodeName: 'node-7' }, shown)).length).toBeGreaterThan(0);
    }
    await expect(peer(1).feed({ nodeName: 'sandbox-node' }, shown)).rejects.toThrow(/ForeignNode/);
    await expectLine(world.serverLog, { audit: true, reason: 'ForeignNode', node: 'node-7' });
  });

  it('A token of another ServiceAccount is refused and audited', async () => {
    const token = world.api.issueToken({ pod: world.agentPod('node-8'), serviceAccount: 'steady/default' });
    await expect(peer(2).attest(token)).rejects.toThrow(/ForeignNode/);
    await eventually(() => {
      const lines = world.serverLog.filter(
        ({ audit, error }) => audit === true && String(error).includes('steady'),
      );
      expect(lines.length).toBeGreaterThan(0);
    });
  });

  it('Requests that are too large or too frequent are refused, and the servers keep working', async () => {
    await expect(peer(2).attest('x'.repeat(20_000))).rejects.toThrow(/RESOURCE_EXHAUSTED/);
    const told = await Promise.allSettled(Array.from({ length: 30 }, () => peer(2).attest('garbage')));
    const faults = told.map((outcome) => (outcome.status === 'rejected' ? String(outcome.reason) : 'served'));
    // By the limit of handshakes or of tokens.
    const limited = faults.filter((fault) => /TooManyRequests|UNAVAILABLE/.test(fault));
    expect(limited.length).toBeGreaterThan(10);
    expect(faults).not.toContain('served');
    await peer(2).feed({ nodeName: 'node-11' }, await attest('node-11', 1));
  });

  it('The stream of an agent whose Pod is deleted ends, and its certificate is refused', async () => {
    const shown = await attest('node-9', 1);
    const feed = await peer(1).openFeed({ nodeName: 'node-9' }, shown);
    world.api.delete('Pod', SYSTEM, 'rolegate-agent-node-9');
    expect(await feed.ended).toMatch(/does not exist any more/);
    for (const other of world.peers) {
      await eventually(() =>
        expect(other.feed({ nodeName: 'node-9' }, shown)).rejects.toThrow(
          /ForeignNode.*does not exist any more/,
        ),
      );
    }
  });

  it('A lost authority Secret is written again unchanged, and the servers keep working', async () => {
    const before = secret();
    expect(before).toBeDefined();
    world.api.delete('Secret', SYSTEM, AUTHORITY);
    await eventuallyWithin(() => {
      expect(secret()).toEqual(before);
    }, KNOWN);
    await expectLine(world.serverLog, { msg: 'authority Secret was missing; restored' });
    const shown = await attest('node-10', 2);
    for (const each of world.peers) await each.feed({ nodeName: 'node-10' }, shown);
    expect((await world.as('steady/pod').credentials()).status).toBe(200);
  });

  function secret(): unknown {
    return world.api.get('Secret', SYSTEM, AUTHORITY)?.['data'];
  }
});
