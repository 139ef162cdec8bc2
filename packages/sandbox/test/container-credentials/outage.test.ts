import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually as eventuallyWithin } from '@rolegate/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually, expectLine } from '../setup.ts';
import { APP, expectServed, HOST, keyOf, setupWithTokens } from './token-world.ts';
import type { TokenSetup } from './token-world.ts';

/** A server reads keys again at most every ten seconds. Milliseconds. */
const KEYS_READ_AGAIN = { withinMs: 40_000, everyMs: 3_000 };

let world: TokenSetup | undefined;
afterEach(async () => {
  await world?.[Symbol.asyncDispose]();
  world = undefined;
});

async function served(): Promise<TokenSetup> {
  world = await setupWithTokens();
  await expectServed(world);
  return world;
}

/** Servers, API server and STS are down. */
async function everythingDown({ server, world: { api, sts } }: TokenSetup): Promise<void> {
  await server.kill();
  api.hang();
  sts.hang();
}

/** The state file has the API server's current key, and the credentials. */
function saved({ world: { folder, api } }: TokenSetup, accessKeyId: unknown): Promise<void> {
  return eventually(async () => {
    const state = await readFile(join(folder, 'state', 'agent-state'), 'utf8');
    expect(state).toContain(api.issuer.keys.at(-1)?.publicKey.toString('base64'));
    expect(state).toContain(accessKeyId);
  });
}

describe('Outage', () => {
  it('R1: A Pod on the host network keeps its credentials by its token while servers, API server and STS are down and its agent is killed', async () => {
    const there = await served();
    const { byToken, newToken, agent, agentLog, startAgent, world: system } = there;
    const token = newToken(HOST);
    const before = await byToken(HOST, token);
    await saved(there, keyOf(before));
    await everythingDown(there);
    expect(await byToken(HOST, token)).toEqual(before);

    await agent.kill();
    await startAgent().ready();
    await expectLine(agentLog, { msg: 'restored state from previous process' });
    await eventually(async () => {
      expect((await byToken(HOST, token)).status).toBe(200);
    });
    expect(keyOf(await byToken(HOST, token))).toBe(keyOf(before));
    // kubelet had renewed this one just before, so that no process has ever seen it.
    expect((await byToken(HOST, newToken(HOST))).status).toBe(200);
    expect((await byToken(APP)).status).toBe(200);
    expect((await byToken(APP, newToken(HOST))).status).toBe(401);
    expect(system.api.tokenReviews).toBe(0);
  });
});

describe('Key rotation', () => {
  it("A token of the API server's new key is accepted at once, first by a review and then with the key itself", async () => {
    const there = await served();
    const { byToken, newToken, agentLog, world: system } = there;
    const { api } = system;
    expect(api.tokenReviews).toBe(0);
    api.issuer.addKey('RS256');
    expect((await byToken(HOST, newToken(HOST))).status).toBe(200);
    expect(api.tokenReviews).toBe(1);

    await eventuallyWithin(async () => {
      expect((await byToken(HOST, newToken(HOST))).status).toBe(200);
      expect(agentLog).toContainEqual(expect.objectContaining({ msg: 'issuer keys received', count: 2 }));
    }, KEYS_READ_AGAIN);
    const reviews = api.tokenReviews;
    await everythingDown(there);
    expect((await byToken(HOST, newToken(HOST))).status).toBe(200);
    expect((await byToken(APP, newToken(APP))).status).toBe(200);
    expect(api.tokenReviews).toBe(reviews);
  });

  it('While a server may not read the keys, reviews verify tokens, and a warning says so', async () => {
    world = await setupWithTokens();
    const { byToken, serverLog, world: system } = world;
    system.api.issuer.granted = false;
    await system.servers[0]?.kill();
    await system.startServer(0).ready();
    await expectLine(serverLog, { level: 'warn', msg: 'cannot read issuer keys' });
    await eventually(async () => {
      expect((await byToken(HOST)).status).toBe(200);
    });
  });
});
