import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import * as tls from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { systemClock } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { openAuthority } from '../../../src/identity/authority/authority.ts';
import type { Authority } from '../../../src/identity/authority/authority.ts';
import { changeAuthorities } from '../../../src/identity/authority/change.ts';
import { createAuthorityStore } from '../../../src/identity/authority/store.ts';
import type { Command } from '../../../src/identity/authority/rotation.ts';
import { eventually, startApi } from '../../kubernetes/setup.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, recordLog, requestOf, YEAR_MS } from './setup.ts';

const WHERE = { namespace: 'kube-system', name: 'rolegate-authority' };
const POLL_MS = 12_000;

async function setup() {
  const run = await startApi({ clock: systemClock });
  // Handshakes use the machine's clock.
  const clock = createFakeClock({ nowMs: Date.now() });
  const record = recordLog();
  const stop = new AbortController();
  const running: Promise<void>[] = [];

  function open(): Promise<Authority> {
    return openAuthority({
      ...WHERE,
      connection: run.connection,
      clock,
      log: record.log,
      random: () => 0.5,
      serverNames: ['rolegate-server', 'rolegate-server.kube-system.svc'],
      trustDomain: 'rolegate',
      ageMs: YEAR_MS,
      metrics: { authorityOlder: () => undefined },
      signal: stop.signal,
    });
  }

  async function start(): Promise<Authority> {
    const authority = await open();
    running.push(authority.run(stop.signal));
    return authority;
  }

  /** Lets looks happen until it is so. */
  async function until(isSo: () => boolean): Promise<void> {
    for (let turn = 0; turn < 100 && !isSo(); turn += 1) {
      await clock.advance(POLL_MS / 2);
      await wait(5);
    }
    expect(isSo()).toBe(true);
  }

  const store = createAuthorityStore({ ...WHERE, connection: run.connection, signal: stop.signal });
  const command = (word: Command) =>
    changeAuthorities(word, { store, where: WHERE, clock, ageMs: YEAR_MS, atOnce: true });
  const secret = () => run.api.get('Secret', WHERE.namespace, WHERE.name);
  const published = () =>
    (run.api.get('ConfigMap', WHERE.namespace, WHERE.name)?.['data'] as { 'ca.crt'?: string } | undefined)?.[
      'ca.crt'
    ];

  return {
    ...run,
    ...record,
    clock,
    stop,
    open,
    start,
    until,
    command,
    secret,
    published,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(running);
      await run[Symbol.asyncDispose]();
    },
  };
}

const countOf = (pem: string) => pem.match(/BEGIN CERTIFICATE/g)?.length ?? 0;
const serverOf = (authority: Authority) => new X509Certificate(authority.tls.current().cert);
const ask = async (authority: Authority) => {
  const client = { certificateRequest: await requestOf(), node: 'node-a', podUid: 'pod-1' };
  return new Uint8Array(new X509Certificate((await authority.issueClient(client)).chain).raw);
};

/** True if a client that trusts only `ca` accepts the server by its name. */
async function takes(authority: Authority, ca: string, servername = 'rolegate-server'): Promise<boolean> {
  const { cert, key } = authority.tls.current();
  const server = tls.createServer({ cert, key, minVersion: 'TLSv1.3' }, (socket) => socket.end());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = tls.connect({ host: '127.0.0.1', port, ca, servername });
  const taken = await once(socket, 'secureConnect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  server.close();
  return taken;
}

describe('Authority', () => {
  it('Three replicas that start at once share one authority', async () => {
    await using run = await setup();
    const [a, b, c] = await Promise.all([run.open(), run.open(), run.open()]);
    expect(countOf(a.bundle())).toBe(1);
    expect([b.bundle(), c.bundle(), run.published()]).toEqual([a.bundle(), a.bundle(), a.bundle()]);
    expect([b.tokenSecret, c.tokenSecret]).toEqual([a.tokenSecret, a.tokenSecret]);
    const der = await ask(a);
    for (const other of [b, c]) {
      expect(other.verifyClient(der)).toMatchObject({ node: 'node-a', podUid: 'pod-1' });
      expect(await takes(other, a.bundle())).toBe(true);
    }
    // Each has a key of its own.
    expect(new Set([a, b, c].map((one) => one.tls.current().key.toString())).size).toBe(3);
  });

  it('The server certificate has all names of the server, and lasts a day', async () => {
    await using run = await setup();
    const authority = await run.open();
    const { certEndsMs, caEndsMs, certFingerprint } = authority.tls.current();
    const certificate = serverOf(authority);
    expect(certificate.subjectAltName).toBe('DNS:rolegate-server, DNS:rolegate-server.kube-system.svc');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(certificate.fingerprint256).toBe(certFingerprint);
    expect(Math.round((certEndsMs - run.clock.now()) / HOUR_MS)).toBe(24);
    expect(Math.round((caEndsMs - run.clock.now()) / DAY_MS)).toBe(365);
    expect(Math.round(authority.tls.secondsLeft().certificate / 3600)).toBe(24);
    expect(await takes(authority, authority.bundle(), 'rolegate-server.kube-system.svc')).toBe(true);
    expect(await takes(authority, authority.bundle(), 'kubernetes')).toBe(false);
  });

  it('A server waits for an API server that is unavailable, logs why, and continues by itself', async () => {
    await using run = await setup();
    run.api.refuse(503);
    let opened: Authority | undefined;
    const opening = run.open().then((authority) => (opened = authority));
    for (let turn = 0; turn < 10; turn += 1) await run.clock.advance(POLL_MS).then(() => wait(5));
    expect(opened).toBeUndefined();
    const complaints = run.lines.filter(({ level }) => level === 'warn');
    expect(complaints).toHaveLength(1);
    expect(complaints[0]?.fields['error']).toContain('get secrets/rolegate-authority: 503');
    run.api.refuse(undefined);
    await run.until(() => opened !== undefined);
    await opening;
    expect(run.said()).toContain('authority Secret sync recovered');
    expect(opened?.condition()).toBeUndefined();
  });

  it('A server that waits for the API server gives up when it is stopped', async () => {
    await using run = await setup();
    run.api.refuse(503);
    const opening = run.open();
    const outcome = expect(opening).rejects.toThrow('stopped');
    run.stop.abort(new Error('stopped'));
    await outcome;
  });

  it('A server continues to sign and verify while the API server is unavailable', async () => {
    await using run = await setup();
    const authority = await run.start();
    const der = await ask(authority);
    run.api.refuse(500);
    await run.until(() => authority.condition() !== undefined);
    expect(authority.verifyClient(der)).toBeDefined();
    expect(authority.verifyClient(await ask(authority))).toBeDefined();
    run.api.refuse(undefined);
    await run.until(() => authority.condition() === undefined);
  });

  it('The server certificate is renewed at half of its lifetime, even if the API server is unavailable', async () => {
    await using run = await setup();
    const authority = await run.start();
    const first = authority.tls.current();
    const told: string[] = [];
    authority.tls.onChange(({ certFingerprint }) => told.push(certFingerprint));
    run.api.refuse(500);
    run.clock.jumpWall(12 * HOUR_MS - MINUTE_MS);
    await run.clock.advance(POLL_MS);
    await wait(20);
    expect(authority.tls.current()).toBe(first);
    run.clock.jumpWall(MINUTE_MS);
    await run.until(() => told.length > 0);
    expect(told).toEqual([authority.tls.current().certFingerprint]);
    expect(told[0]).not.toBe(first.certFingerprint);
    expect(authority.tls.current().key).not.toEqual(first.key);
  });

  it('A lost Secret and a lost ConfigMap are restored, whichever replica is first', async () => {
    await using run = await setup();
    const [a, b] = [await run.start(), await run.start()];
    const bundle = a.bundle();
    run.api.delete('Secret', WHERE.namespace, WHERE.name);
    run.api.delete('ConfigMap', WHERE.namespace, WHERE.name);
    await run.until(() => run.secret() !== undefined && run.published() === bundle);
    expect([a.bundle(), b.bundle()]).toEqual([bundle, bundle]);
  });

  it('The authority never logs a key', async () => {
    await using run = await setup();
    const authority = await run.start();
    await ask(authority);
    await run.command('prepare');
    await run.until(() => countOf(authority.bundle()) === 2);
    expect(JSON.stringify(run.lines)).not.toMatch(/PRIVATE|BEGIN/);
    expect(JSON.stringify(run.lines)).not.toContain(authority.tokenSecret.toString('hex'));
  });
});

describe('Replacement of the authority', () => {
  it('Each step of a replacement keeps the clients and servers of trusted authorities working', async () => {
    await using run = await setup();
    const authority = await run.start();
    const clientOfOld = await ask(authority);
    const oldBundle = authority.bundle();

    await run.command('prepare');
    await run.until(() => countOf(run.published() ?? '') === 2);
    const bothBundle = authority.bundle();
    expect(await takes(authority, oldBundle)).toBe(true);
    expect(await takes(authority, bothBundle)).toBe(true);

    const before = authority.tls.current();
    await run.clock.advance(3 * MINUTE_MS);
    await run.command('activate');
    await run.until(() => authority.tls.current().certFingerprint !== before.certFingerprint);
    expect(await takes(authority, oldBundle)).toBe(false);
    expect(await takes(authority, bothBundle)).toBe(true);
    expect(authority.verifyClient(clientOfOld)).toBeDefined();
    const clientOfNew = await ask(authority);
    expect(authority.verifyClient(clientOfNew)).toBeDefined();

    await run.command('retire');
    await run.until(() => countOf(run.published() ?? '') === 1);
    const newBundle = authority.bundle();
    expect(await takes(authority, newBundle)).toBe(true);
    expect(authority.verifyClient(clientOfOld)).toBeUndefined();
    expect(authority.verifyClient(clientOfNew)).toBeDefined();
  });

  it('A server shows a certificate of a new authority only once agents can know that authority', async () => {
    await using run = await setup();
    const authority = await run.start();
    const first = authority.tls.current().certFingerprint;
    await run.command('prepare');
    await run.command('activate');
    await run.until(() => countOf(authority.bundle()) === 2);
    await run.clock.advance(2 * MINUTE_MS);
    await wait(20);
    expect(authority.tls.current().certFingerprint).toBe(first);
    await run.until(() => authority.tls.current().certFingerprint !== first);
    await run.command('retire');
    await run.until(() => countOf(authority.bundle()) === 1);
  });

  it('A server replaces its certificate at once if it is no longer trusted', async () => {
    await using run = await setup();
    const authority = await run.start();
    const first = authority.tls.current().certFingerprint;
    for (const word of ['prepare', 'activate', 'retire'] as const) await run.command(word);
    await run.clock.advance(POLL_MS);
    await eventually(() => authority.tls.current().certFingerprint !== first);
    expect(await takes(authority, authority.bundle())).toBe(true);
  });
});
