import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createKey, ISSUER } from './container-credentials/service-account-token/tokens.ts';
import { startFeedServer } from './feed-server.ts';
import { createFolder } from './reconcile/setup.ts';
import { soon, startAgent } from './whole-agent.ts';

const HOUR_MS = 3_600_000;
const UP_MS = 1_000_000_000;
const { id, publicKey } = createKey();
const KEYS = { issuerKeys: { issuers: [ISSUER], keys: [{ id, publicKey }] } };

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Successive agents of one node, each `upMs` after the machine started. */
async function setup() {
  const { folder, ...place } = await createFolder();
  closing.push(() => place[Symbol.asyncDispose]());
  const server = await startFeedServer(folder);
  closing.push(server.close);
  const start = async (upMs: number, argv = ['--container-credentials']) => {
    const agent = await startAgent(['--state-dir', join(folder, 'state'), ...server.argv, ...argv], {
      machine: { bootId: () => 'boot-1', monotonicMs: () => upMs },
    });
    closing.push(() => agent[Symbol.asyncDispose]());
    const keys = async () => {
      const [line] = await agent.metrics(/^rolegate_issuer_keys /);
      return line;
    };
    return { ...agent, keys };
  };
  const connected = () =>
    soon(() => {
      expect(server.reports).toHaveLength(1);
    });
  return { server, start, connected };
}

describe('Issuer keys of an agent', () => {
  it('Keys that the feed sends survive the agent and its server, for 24 hours', async () => {
    const { server, start, connected } = await setup();
    const first = await start(UP_MS);
    await connected();
    expect(server.reports[0]?.servesContainerCredentials).toBe(false); // nothing listens yet
    await soon(async () => {
      server.say(KEYS);
      expect(await first.keys()).toBe('rolegate_issuer_keys 1');
    });
    expect(first.lines('issuer keys received')).toEqual([{ issuers: [ISSUER], count: 1 }]);
    await first.stop();
    server.close();
    const second = await start(UP_MS + 23 * HOUR_MS);
    await soon(async () => {
      expect(await second.keys()).toBe('rolegate_issuer_keys 1');
    });
    expect(second.lines('issuer keys outdated')).toEqual([]);
    await second.clock.advance(HOUR_MS + 60_000);
    expect(second.lines('issuer keys outdated')).toHaveLength(1);
  });

  it('An agent without --container-credentials reports nothing of it and keeps no keys', async () => {
    const { server, start, connected } = await setup();
    const agent = await start(UP_MS, []);
    await connected();
    server.say(KEYS);
    expect(server.reports[0]).not.toHaveProperty('servesContainerCredentials');
    expect(await agent.keys()).toBeUndefined();
    expect(agent.lines('issuer keys received')).toEqual([]);
  });
});
