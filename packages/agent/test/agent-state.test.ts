import { cp, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { FeedUpdate } from '@rolegate/protocol';
import { createCniResultsDir } from '@rolegate/testing';
import { startFeedServer, UPDATES } from './feed-server.ts';
import { createFolder } from './reconcile/setup.ts';
import { soon, startAgent } from './whole-agent.ts';

const IP = '127.9.0.79';
const CREDENTIALS = '/latest/meta-data/iam/security-credentials/app';
const TTL = { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' };
const MINUTE_MS = 60_000;
/** The machine's uptime when the first agent started. */
const UP_MS = 1_000_000_000;
const [ALLOWED] = UPDATES.flatMap(({ pod }) => pod ?? []);

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function pod(changes: FeedUpdate['pod']): FeedUpdate {
  return { pod: { ...ALLOWED, ...changes } };
}

function denied(version: string): FeedUpdate {
  const resourceVersions = { pod: version, namespace: version, serviceAccount: version };
  const deny = { reason: 'NamespaceDenied', message: 'not any more', roleName: 'app' };
  return { pod: { ...ALLOWED, resourceVersions, allow: null, deny } };
}

/** Successive agents of one node, of which only the first needs a server. */
async function setup() {
  const { folder, ...place } = await createFolder();
  closing.push(() => place[Symbol.asyncDispose]());
  const server = await startFeedServer(folder);
  closing.push(server.close);
  const cni = await createCniResultsDir();
  closing.push(() => cni[Symbol.asyncDispose]());
  const result = await cni.add({ uid: 'u1', namespace: 'shop', name: 'a', ips: [IP] });
  let stateDir = join(folder, 'state');
  let crashes = 0;
  let upMs = UP_MS;

  async function start({ bootId = 'boot-1', argv = [] as readonly string[] } = {}) {
    const began = upMs;
    const agent = await startAgent(
      ['--cni-cache-dir', cni.path, '--state-dir', stateDir, ...server.argv, ...argv],
      { machine: { bootId: () => bootId, monotonicMs: () => began } },
    );
    closing.push(() => agent[Symbol.asyncDispose]());
    await soon(() => {
      expect(agent.lines('agent listening')).toHaveLength(1);
    });
    const get = (headers = {}) => agent.ask({ path: CREDENTIALS, localAddress: IP, headers });
    return {
      ...agent,
      get,
      token: () => agent.ask({ method: 'PUT', path: '/latest/api/token', localAddress: IP, headers: TTL }),
      /** Its answer, which may be held in vain. */
      async getHeld(token?: string) {
        const answer = get(token === undefined ? {} : { 'x-aws-ec2-metadata-token': token });
        let over = false;
        void answer.then(() => (over = true));
        await soon(async () => {
          await agent.clock.advance(1_000);
          expect(over).toBe(true);
        });
        return answer;
      },
      /** Once it serves and has saved its state. */
      async served() {
        await soon(async () => {
          expect((await get()).status).toBe(200);
        });
        await agent.clock.advance(200);
      },
    };
  }

  /** Starts the next agent `afterMs` later with the state that SIGKILL would leave now. The previous one keeps its own. */
  async function crash(afterMs = MINUTE_MS) {
    crashes += 1;
    upMs += afterMs;
    const next = join(folder, `state-${crashes}`);
    await cp(stateDir, next, { recursive: true });
    stateDir = next;
  }

  return { server, cni, result, start, crash, stateFile: () => join(stateDir, 'agent-state') };
}

describe('Restarted agent with everything unavailable', () => {
  it('R1: A restarted agent is ready and serves the same document at once, until the credentials expire', async () => {
    const { server, start, crash } = await setup();
    const first = await start();
    await first.served();
    const before = await first.get();
    await crash(30 * MINUTE_MS);
    server.close();
    const second = await start();
    await soon(async () => {
      expect(await second.get()).toMatchObject({ status: 200, body: before.body });
    });
    await soon(async () => {
      expect((await second.ops('/readyz')).status).toBe(200);
    });
    const [stale] = await second.metrics(/^rolegate_feed_stale_seconds/);
    expect(stale).toBe(`rolegate_feed_stale_seconds ${30 * 60 - 0.2}`);
    const [remaining] = await second.metrics(/^rolegate_credentials_min_remaining_seconds/);
    expect(Number(remaining?.split(' ')[1])).toBeCloseTo(30 * 60, 0);
    await second.clock.advance(30 * MINUTE_MS);
    expect((await second.getHeld()).status).toBe(503);
  });

  it('A restarted agent accepts the tokens of the previous process, and no altered ones', async () => {
    const { server, start, crash } = await setup();
    const first = await start();
    await first.served();
    const { body } = await first.token();
    await crash();
    server.close();
    const second = await start();
    await soon(async () => {
      expect((await second.get({ 'x-aws-ec2-metadata-token': body })).status).toBe(200);
    });
    expect((await second.get({ 'x-aws-ec2-metadata-token': `${body.slice(1)}A` })).status).toBe(401);
  });

  it('A restarted agent accepts tokens issued before the first feed, and a third agent those of both before it', async () => {
    const { server, start, crash } = await setup();
    server.close();
    const first = await start();
    const tokens = [(await first.token()).body];
    for (let restart = 0; restart < 2; restart += 1) {
      await crash();
      const next = await start();
      for (const token of tokens) expect((await next.getHeld(token)).status).toBe(503); // else 401 at once
      tokens.push((await next.token()).body);
    }
  });

  it('A restarted agent denies what was revoked just before the crash', async () => {
    const { server, start, crash } = await setup();
    const first = await start();
    await first.served();
    server.say(denied('2'));
    await soon(async () => {
      expect((await first.get()).status).toBe(403);
    });
    await crash();
    server.close();
    const second = await start();
    await soon(async () => {
      expect((await second.get()).status).toBe(403);
    });
  });

  it('A restarted agent does not accept a revoked permit from a lagging replica', async () => {
    const { server, start, crash } = await setup();
    const first = await start();
    await first.served();
    server.say(denied('2'));
    await soon(async () => {
      expect((await first.get()).status).toBe(403);
    });
    await crash();
    const second = await start();
    await soon(() => {
      expect(second.lines('feed synced')).toHaveLength(1);
    });
    expect((await second.get()).status).toBe(403);
  });

  it('A restarted agent has no session of a Pod that was removed before the crash', async () => {
    const { server, start, crash } = await setup();
    const first = await start();
    await first.served();
    server.say({ podRemoved: { uid: 'u1', resourceVersion: '2' } });
    await soon(async () => {
      expect(await first.metrics(/^rolegate_sessions{state="held"} 0/)).toHaveLength(1);
    });
    await crash();
    const second = await start();
    await soon(() => {
      expect(second.lines('feed synced')).toHaveLength(1); // the lagging server still lists the Pod
    });
    expect(await second.metrics(/^rolegate_sessions{state="held"} 0/)).toHaveLength(1);
  });

  it('S4: A restarted agent gives a reused address nothing of the former Pod, even if reused while no agent ran', async () => {
    const { server, cni, result, start, crash } = await setup();
    const first = await start();
    await first.served();
    server.say(pod({ ips: [IP] }));
    await soon(async () => {
      await first.clock.advance(200);
      expect(first.lines('older decision ignored')).toEqual([]);
      expect((await first.get()).status).toBe(200);
    });
    await crash();
    server.close();
    await cni.remove(result);
    for (const reused of [false, true]) {
      if (reused) await cni.add({ uid: 'u2', namespace: 'other', name: 'b', ips: [IP] });
      const second = await start();
      expect((await second.getHeld()).status).toBe(503);
      // The directory may be read after the request has ended.
      await soon(async () => {
        expect(await second.metrics(/^rolegate_ip_source{source="cni"} 1/)).toHaveLength(1);
      });
    }
  });
});

describe('Restarted agent without CNI results', () => {
  /** Its Pod also has the address in its status. */
  async function withStatus() {
    const t = await setup();
    const first = await t.start();
    await first.served();
    t.server.say(pod({ ips: [IP] }));
    await soon(() => {
      expect(first.lines('older decision ignored')).toEqual([]);
    });
    await first.clock.advance(200);
    return { ...t, first };
  }

  async function startWithoutResults({ cni, server, start, crash }: Awaited<ReturnType<typeof withStatus>>) {
    await crash();
    server.close();
    await rename(cni.path, `${cni.path}.away`);
    const second = await start();
    await soon(async () => {
      expect(await second.metrics(/^rolegate_ip_source{source="pod-status"} 1/)).toHaveLength(1);
    });
    return second;
  }

  it('S4: A restarted agent without CNI results answers by status the Pod that had the address by the last result', async () => {
    const second = await startWithoutResults(await withStatus());
    await soon(async () => {
      expect((await second.get()).status).toBe(200);
    });
  });

  it('S4: A restarted agent without CNI results does not answer by status a Pod that had returned its address', async () => {
    const t = await withStatus();
    await t.cni.remove(t.result);
    // Before any time has passed.
    await soon(async () => {
      const text = await readFile(t.stateFile(), 'utf8');
      const { table } = JSON.parse(text.slice(text.indexOf('\n'))) as { table: { claims: unknown[] } };
      expect(table.claims).toEqual([]);
    });
    const second = await startWithoutResults(t);
    expect((await second.getHeld()).status).toBe(503);
  });

  it('S4: A restarted agent without CNI results does not answer by status a Pod whose address went to another Pod', async () => {
    const t = await withStatus();
    await t.cni.add({ uid: 'u2', namespace: 'other', name: 'b', ips: [IP] });
    await soon(async () => {
      expect((await t.first.getHeld()).status).toBe(503);
    });
    const second = await startWithoutResults(t);
    expect((await second.getHeld()).status).toBe(503);
  });
});

describe('Agent with saved state', () => {
  it('A restarted agent reports its cached sessions to the server, with fingerprint and remaining time', async () => {
    const { server, start, crash } = await setup();
    const first = await start();
    await first.served();
    await crash(10 * MINUTE_MS);
    const second = await start();
    await soon(() => {
      expect(second.lines('feed synced')).toHaveLength(1);
    });
    const [, report] = server.reports;
    expect(report?.heldSessions).toEqual([expect.objectContaining({ sessionId: 's1', fingerprint: 'f' })]);
    expect(Number(report?.heldSessions[0]?.remainingMs)).toBeCloseTo(50 * MINUTE_MS, -4);
  });

  it('An agent that stops saves its state, and the next one serves it', async () => {
    const { server, start } = await setup();
    const first = await start();
    await soon(async () => {
      expect((await first.get()).status).toBe(200);
    });
    await first.stop();
    server.close();
    const second = await start();
    await soon(async () => {
      expect((await second.get()).status).toBe(200);
    });
  });

  it.each([
    { what: 'is garbage', change: () => Buffer.from('garbage') },
    { what: 'is empty', change: () => Buffer.alloc(0) },
    { what: 'is cut off', change: (file: Buffer) => file.subarray(0, file.length / 2) },
    { what: 'is damaged', change: (file: Buffer) => Buffer.from(file.toString().replace('u1', 'u2')) },
  ])('An agent whose saved state $what logs it once and starts without it', async ({ change }) => {
    const { start, crash, stateFile } = await setup();
    await (await start()).served();
    await crash();
    await writeFile(stateFile(), change(await readFile(stateFile())));
    const second = await start();
    await second.served();
    expect(second.lines('saved state ignored')).toHaveLength(1);
    await crash();
    const third = await start();
    expect(third.lines('saved state ignored')).toEqual([]);
  });

  it('An agent does not use state that was saved before the last boot, and is not ready', async () => {
    const { server, start, crash } = await setup();
    await (await start()).served();
    await crash();
    server.close();
    const second = await start({ bootId: 'boot-2' });
    expect((await second.ops('/readyz')).status).toBe(503);
    expect(second.lines('saved state ignored')).toHaveLength(1);
  });

  it('The log has no secret of the saved state, and one line says that --state-dir is not in memory', async () => {
    const { start, crash, stateFile } = await setup();
    const first = await start();
    await first.served();
    const text = await readFile(stateFile(), 'utf8');
    expect(text).toContain('secret');
    await crash();
    const second = await start();
    await second.served();
    for (const { log } of [first, second]) {
      expect(JSON.stringify(log.lines)).not.toMatch(/"secret"|SecretAccessKey|BwcHBwcHBw/);
      expect(log.lines.filter(([, text]) => text === '--state-dir is not in memory')).toHaveLength(1);
    }
  });

  it('In firewall mode the saved state has the token keys, and neither a table nor a certificate', async () => {
    const { start, stateFile } = await setup();
    await start({ argv: ['--mode', 'firewall'] });
    await soon(async () => {
      const text = await readFile(stateFile(), 'utf8');
      const { tokens, table, certificate } = JSON.parse(text.slice(text.indexOf('\n'))) as Record<
        string,
        unknown
      >;
      expect([typeof tokens, table, certificate]).toEqual(['object', undefined, undefined]);
    });
  });
});
