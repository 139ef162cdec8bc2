import { X509Certificate } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { OpenFeed, PresentedTls } from '../src/agent-peer.ts';
import { startIdentityWorld } from './identity-world.ts';
import type { IdentityWorld } from './identity-world.ts';
import { eventually } from './setup.ts';
import { whileAsking } from './while-asking.ts';

const STREAMS = 50;
/** One address may attest five times a second. Milliseconds. */
const RETRY_MS = 100;

it('A rotation of the authority by command ends none of 50 streams, and fails no request', async () => {
  await using world = await startIdentityWorld();
  await eventually(async () => {
    expect((await world.as('steady/pod').credentials()).status).toBe(200);
  });
  // One after another, because handshakes are limited by address and all share one.
  const before: Awaited<ReturnType<typeof stream>>[] = [];
  for (let at = 0; at < STREAMS; at += 1) before.push(await stream(world, `node-${at}`));
  const ended: string[] = [];
  for (const { feed } of before) void feed.ended.then((how) => ended.push(how));

  const bad = await whileAsking(world.as('steady/pod'), async () => {
    let from = world.serverLog.length;
    expect(await world.authorityCommand('prepare')).toMatchObject({ code: 0 });
    await world.allServersSay('authority prepared', from);
    from = world.serverLog.length;
    expect(await world.authorityCommand('activate', '--now')).toMatchObject({ code: 0 });
    await world.allServersSay('authority activated', from);
  });
  expect(bad).toEqual([]);
  expect(ended).toEqual([]);

  // Certificates of the former and the new authority are both valid at each server.
  const fresh = await attest(world, 'node-0', 0);
  const old = before[1]?.shown;
  expect(issuerOf(fresh)).not.toBe(issuerOf(before[0]?.shown));
  for (const peer of world.peers) {
    await peer.feed({ nodeName: 'node-0' }, fresh);
    if (old !== undefined) await peer.feed({ nodeName: 'node-1' }, { ...old, ca: fresh.ca });
  }
  for (const { feed } of before) feed.close();
});

async function stream(world: IdentityWorld, node: string): Promise<{ feed: OpenFeed; shown: PresentedTls }> {
  const at = Number(node.replace('node-', '')) % world.peers.length;
  const shown = await attest(world, node, at);
  const feed = await world.peers[at]?.openFeed({ nodeName: node }, shown);
  if (feed === undefined) throw new Error('there is no server');
  return { feed, shown };
}

/** Retries when limited, as agents do. */
async function attest(world: IdentityWorld, node: string, server: number): Promise<PresentedTls> {
  const token = world.api.issueToken({ pod: world.agentPod(node) });
  for (;;) {
    try {
      const shown = await world.peers[server]?.attest(token);
      if (shown !== undefined) return shown;
    } catch (error) {
      if (!/TooManyRequests|has not seen/.test(String(error))) throw error;
    }
    await setTimeout(RETRY_MS);
  }
}

function issuerOf(shown: PresentedTls | undefined): string {
  return new X509Certificate(shown?.cert ?? '').issuer;
}
