import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterEach, expect, it } from 'vitest';
import type { FeedUpdate } from '@rolegate/protocol';
import { createCniResultsDir } from '@rolegate/testing';
import { UPDATES } from './feed-server.ts';
import { refusal, SERVER_NAME, startAttestingServer, TOKEN } from './identity/attesting-server.ts';
import { createFolder } from './reconcile/setup.ts';
import { soon, startAgent } from './whole-agent.ts';

const IP = '127.9.0.78';
const CREDENTIALS = '/latest/meta-data/iam/security-credentials/app';
const MINUTE_MS = 60_000;
const STREAM_MS = 20 * MINUTE_MS;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A whole agent with a token but no certificate, on a stopped clock. */
async function setup({ refusing = false }: { refusing?: boolean } = {}) {
  const { folder, ...place } = await createFolder();
  closing.push(() => place[Symbol.asyncDispose]());
  const hello: FeedUpdate = {
    hello: { version: '1', serverName: 's', serverTimeMs: Date.now(), streamEndsInMs: STREAM_MS },
  };
  const server = await startAttestingServer({ updates: [hello, ...UPDATES.slice(1)] });
  closing.push(server.close);
  if (refusing)
    server.answer(() => Promise.reject(refusal(status.PERMISSION_DENIED, 'ForeignNode: not yet')));
  const cni = await createCniResultsDir();
  closing.push(() => cni[Symbol.asyncDispose]());
  await cni.add({ uid: 'u1', namespace: 'shop', name: 'a', ips: [IP] });
  const [caFile, tokenFile] = [join(folder, 'ca.crt'), join(folder, 'token')];
  await writeFile(caFile, server.ca.pem);
  await writeFile(tokenFile, TOKEN);
  const agent = await startAgent([
    '--cni-cache-dir',
    cni.path,
    '--server-address',
    `127.0.0.1:${server.port}`,
    '--attest-address',
    `127.0.0.1:${server.port}`,
    '--server-name',
    SERVER_NAME,
    '--ca',
    caFile,
    '--token-file',
    tokenFile,
  ]);
  closing.push(() => agent[Symbol.asyncDispose]());
  /** Certificates that are valid for an hour of the agent's time. */
  const certifyByItsClock = () => {
    server.answer((request) =>
      server.sign({ cert: { notAfter: new Date(agent.clock.now() + 60 * MINUTE_MS) } })(request),
    );
  };
  return {
    ...agent,
    server,
    certifyByItsClock,
    get: () => agent.ask({ path: CREDENTIALS, localAddress: IP }),
    readyz: async () => (await agent.ops('/readyz?verbose')).body.split('\n'),
  };
}

it('An agent without a certificate gets one, then its feed, and then serves its Pods', async () => {
  const { get, server, readyz, metrics } = await setup();
  await soon(async () => {
    expect((await get()).status).toBe(200);
  });
  expect(server.feeds.map(({ node, token }) => [node, token])).toEqual([['node-1', '']]);
  expect(await readyz()).toContain('[+]certificate ok');
  expect(await metrics(/^rolegate_attestations_total.* [^0]/)).toEqual([
    'rolegate_attestations_total{outcome="issued"} 1',
  ]);
  const expiry = await metrics(/^rolegate_certificate_expiry_seconds/);
  expect(expiry.map((line) => line.replace(/ .*/, ''))).toEqual([
    'rolegate_certificate_expiry_seconds{certificate="certificate"}',
    'rolegate_certificate_expiry_seconds{certificate="ca"}',
  ]);
  expect(Number(expiry[0]?.split(' ')[1])).toBeGreaterThan(3_500);
});

it('An agent without a certificate opens no feed and says what it waits for, and connects once it has one', async () => {
  const { clock, get, log, server, readyz } = await setup({ refusing: true });
  await soon(() => {
    expect(server.asked.length).toBeGreaterThan(0);
  });
  for (let left = 4; left > 0; left -= 1) await clock.advance(5_000);
  await soon(async () => {
    expect(await readyz()).toContain('[!]certificate none yet: not yet');
  });
  expect(server.feeds).toEqual([]);
  expect(log.lines.filter(([level]) => level === 'warn').map(([, message]) => message)).toEqual([
    'certificate request failed',
  ]);
  server.answer(server.sign());
  await soon(async () => {
    await clock.advance(1_000);
    expect(server.feeds).toHaveLength(1);
  });
  await soon(async () => {
    expect((await get()).status).toBe(200); // on a stopped clock
  });
});

it('Certificates are renewed under running streams, and no request fails', async () => {
  const { clock, get, server, certifyByItsClock, lines } = await setup();
  certifyByItsClock();
  await soon(async () => {
    expect((await get()).status).toBe(200);
  });
  const answers: number[] = [];
  for (let minute = 0; minute < 130; minute += 1) {
    await clock.advance(MINUTE_MS);
    answers.push((await get()).status);
  }
  expect(new Set(answers)).toEqual(new Set([200]));
  expect(server.asked.length).toBeGreaterThanOrEqual(4);
  // Each renewal used the connection of a feed.
  const peers = server.feeds.map(({ peer }) => peer);
  expect(server.askedBy.slice(1).filter((peer) => !peers.includes(peer))).toEqual([]);
  const ends = new Set(server.feeds.map(({ endsMs }) => endsMs));
  expect(ends.size).toBeGreaterThanOrEqual(4);
  expect(server.feeds.every(({ node }) => node === 'node-1')).toBe(true);
  expect([lines('feed lost'), lines('feed unavailable'), lines('certificate request failed')]).toEqual([
    [],
    [],
    [],
  ]);
});

it('S5: Neither the key nor the token is in any log line, whatever goes wrong', async () => {
  const { clock, log, server, certifyByItsClock } = await setup({ refusing: true });
  const wrongs = [
    () => Promise.reject(refusal(status.UNAVAILABLE, 'ServerUnavailable: the API server is away')),
    () => Promise.reject(refusal(status.INTERNAL, 'a fault')),
    () => Promise.resolve({ certificateChain: 'garbage', authorities: '' }),
    server.sign({ cert: { uris: ['spiffe://rolegate/node/node-2'] } }),
  ];
  for (const wrong of wrongs) {
    const asked = server.asked.length;
    server.answer(wrong);
    await soon(async () => {
      await clock.advance(1_000);
      expect(server.asked.length).toBeGreaterThan(asked + 1);
    });
  }
  certifyByItsClock();
  await soon(async () => {
    await clock.advance(1_000);
    expect(server.feeds.length).toBeGreaterThan(0);
  });
  const said = JSON.stringify(log.lines);
  expect(said).toContain('certificate issued');
  for (const part of TOKEN.split('.')) expect(said).not.toContain(part);
  expect(said).not.toMatch(/PRIVATE KEY|MIGHAgEA|"key"/);
});
