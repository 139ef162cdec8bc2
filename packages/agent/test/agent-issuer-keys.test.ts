import { readFile } from 'node:fs/promises';
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

const SERVING = ['--container-credentials', '--container-credentials-bind', '127.0.0.1:0'];

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
  const start = async (upMs: number, argv = SERVING) => {
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
  const state = () => readFile(join(folder, 'state', 'agent-state'), 'utf8');
  return { server, start, connected, state };
}

describe('Issuer keys of an agent', () => {
  it('Keys that the feed sends survive the agent and its server, for 24 hours', async () => {
    const { server, start, connected } = await setup();
    const first = await start(UP_MS);
    await connected();
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

  it('Keys are saved at once, so that no crash restores withdrawn ones', async () => {
    const { server, start, connected, state } = await setup();
    const agent = await start(UP_MS);
    await connected();
    server.say(KEYS);
    await soon(async () => {
      expect(await state()).toContain(publicKey.toString('base64'));
    });
    server.say({ issuerKeys: { issuers: [ISSUER], keys: [] } });
    await soon(async () => {
      expect(await agent.keys()).toBe('rolegate_issuer_keys 0');
      expect(await state()).not.toContain(publicKey.toString('base64'));
    });
  });

  it('A stream whose server sends no keys does not renew them', async () => {
    const { server, start, connected } = await setup();
    const first = await start(UP_MS);
    await connected();
    await soon(async () => {
      server.say(KEYS);
      expect(await first.keys()).toBe('rolegate_issuer_keys 1');
    });
    await first.stop();
    const second = await start(UP_MS + 24 * HOUR_MS - 30_000);
    await soon(async () => {
      expect(server.reports.length).toBeGreaterThan(1);
      expect(await second.keys()).toBe('rolegate_issuer_keys 1');
    });
    expect(second.lines('issuer keys outdated')).toEqual([]);
    await second.clock.advance(60_000);
    expect(second.lines('issuer keys outdated')).toHaveLength(1);
  });

  it('An agent reports that it serves container credentials as soon as it listens', async () => {
    const { server, start, connected } = await setup();
    const agent = await start(UP_MS);
    await connected();
    await soon(async () => {
      expect(agent.lines('container credentials endpoint listening')).toHaveLength(1);
      await agent.clock.advance(0);
      expect(server.reports).toHaveLength(2);
    });
    const serves = server.reports.map(({ servesContainerCredentials }) => servesContainerCredentials);
    expect(serves).toEqual([false, true]);
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
