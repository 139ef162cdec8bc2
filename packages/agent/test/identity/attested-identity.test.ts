import { rm, writeFile } from 'node:fs/promises';
import { X509Certificate } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { afterEach, expect, it } from 'vitest';
import { createTestCa, freePort } from '@rolegate/testing';
import { NODE_URI, refusal, TOKEN } from './attesting-server.ts';
import { createIdentities } from './identity-setup.ts';

const closing: (() => unknown)[] = [];
const { startServer, setup } = createIdentities(closing);
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

it('An agent exchanges its ServiceAccount token for a certificate that names its node, and keeps the key to itself', async () => {
  const server = await startServer();
  const { identity, has, log } = await setup({ ports: [server.port], ca: server.ca.pem });
  await has('issued');
  expect(server.asked.map(({ token }) => token)).toEqual([TOKEN]);
  const { cert, key } = identity.tls.current();
  expect(new X509Certificate(cert ?? '').subjectAltName).toBe(`URI:${NODE_URI}`);
  expect(String(key)).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  expect(identity.check.ready()).toBe(true);
  const said = JSON.stringify([
    log.lines,
    server.asked.map(({ certificateRequest }) => String(certificateRequest)),
  ]);
  expect(said).not.toContain(TOKEN);
  expect(said).not.toContain('PRIVATE KEY');
  expect(said).not.toContain(String(key).split('\n')[1]);
});

it('An agent finds a server that starts later, and logs one line until then', async () => {
  const [port, ca] = [await freePort(), await createTestCa()];
  const { until, has, outcomes, errors } = await setup({ ports: [port], ca: ca.pem });
  await until(() => outcomes.length >= 4);
  expect(errors()).toEqual([expect.stringContaining('nothing is listening on the address')]);
  await startServer({ ca, port });
  await has('issued');
});

it('Unreachable servers cost an agent no failed attempt and no log line if another server answers', async () => {
  const server = await startServer();
  const [gone, goneToo] = [await freePort(), await freePort()];
  const { has, outcomes, errors } = await setup({ ports: [gone, server.port, goneToo], ca: server.ca.pem });
  await has('issued');
  expect([outcomes, errors()]).toEqual([['issued'], []]);
});

it('An agent retries a server that refuses it, with the ServiceAccount token that the file has by then', async () => {
  const server = await startServer();
  server.answer(() =>
    Promise.reject(refusal(status.PERMISSION_DENIED, 'ForeignNode: no Pod is known by it')),
  );
  const { has, until, outcomes, log, tokenFile, identity } = await setup({
    ports: [server.port],
    ca: server.ca.pem,
  });
  await until(() => outcomes.length >= 2);
  expect(log.lines).toEqual([
    [
      'warn',
      'certificate request failed',
      expect.objectContaining({ reason: 'ForeignNode', error: 'no Pod is known by it' }),
    ],
  ]);
  expect(identity.check.ready()).toBe('none yet: no Pod is known by it');
  await writeFile(tokenFile, 'another.token');
  server.answer(server.sign());
  await has('issued');
  expect(server.asked.at(-1)?.token).toBe('another.token');
});

it.each([
  {
    error: refusal(status.UNAVAILABLE, 'ServerUnavailable: the API server is away (ECONNREFUSED)'),
    kind: 'unavailable',
    says: /^127\.0\.0\.1:\d+: the API server is away \(ECONNREFUSED\)$/,
  },
  {
    error: refusal(status.RESOURCE_EXHAUSTED, 'TooManyRequests: too many'),
    kind: 'unavailable',
    says: /too many/,
  },
  {
    error: refusal(status.UNIMPLEMENTED, ''),
    kind: 'refused',
    says: /^the server issues no certificates: give the agent --cert/,
  },
  {
    error: refusal(status.UNAUTHENTICATED, 'TokenInvalid: it has expired'),
    kind: 'refused',
    says: /^it has expired$/,
  },
])(
  'An agent counts the error "$error.message" as $kind, logs it and asks the server once per attempt',
  async ({ error, kind, says }) => {
    const server = await startServer();
    server.answer(() => Promise.reject(error));
    const { has, errors } = await setup({ ports: [server.port], ca: server.ca.pem });
    await has(kind);
    expect(errors()).toEqual([expect.stringMatching(says)]);
    expect(server.asked).toHaveLength(1);
  },
);

it('An agent waits for a ServiceAccount token that is empty or missing, and asks no server until then', async () => {
  const server = await startServer();
  const { has, errors, tokenFile, outcomes } = await setup({
    ports: [server.port],
    ca: server.ca.pem,
    token: '',
  });
  await has('no-token');
  await rm(tokenFile);
  await has('no-token');
  await writeFile(tokenFile, TOKEN);
  await has('issued');
  expect(errors()[0]).toMatch(/^--token-file .*token is empty$/);
  expect(outcomes.at(-1)).toBe('issued');
  expect(server.asked).toHaveLength(1);
});

it('An agent waits for its authorities, and trusts no server until then', async () => {
  const server = await startServer();
  const { has, caFile, identity, errors } = await setup({ ports: [server.port], ca: undefined });
  await has('no-authority');
  expect(identity.check.ready()).toMatch(/^none yet: --ca .*ca\.crt cannot be read/);
  await writeFile(caFile, 'garbage');
  await has('no-authority');
  expect(server.asked).toEqual([]);
  await writeFile(caFile, server.ca.pem);
  await has('issued');
  expect(errors().length).toBeGreaterThan(0);
});

it('An agent never sends its ServiceAccount token to a server of another authority or another name', async () => {
  const stranger = await startServer();
  const misnamed = await startServer({ ca: stranger.ca, dns: ['somebody-else'] });
  const first = await setup({ ports: [stranger.port], ca: (await createTestCa()).pem });
  await first.has('unavailable');
  expect(first.errors()).toEqual([
    expect.stringContaining("the server's certificate was issued by an authority that is not in --ca"),
  ]);
  const second = await setup({ ports: [misnamed.port], ca: stranger.ca.pem });
  await second.has('unavailable');
  expect(second.errors()).toEqual([expect.stringContaining('is not for the name that was used to connect')]);
  expect([stranger.asked, misnamed.asked]).toEqual([[], []]);
});

it.each([
  { what: 'for another node', cert: { uris: ['spiffe://rolegate/node/node-2'] } },
  { what: 'that has expired', cert: { uris: [NODE_URI], notBefore: new Date(0), notAfter: new Date(1_000) } },
])('An agent keeps its certificate if a renewal returns one $what', async ({ cert }) => {
  const server = await startServer();
  const { has, until, fingerprint, errors } = await setup({ ports: [server.port], ca: server.ca.pem });
  await has('issued');
  const before = fingerprint();
  server.answer(server.sign({ cert }));
  await until(() => errors().length > 0, 60_000);
  expect(fingerprint()).toBe(before);
  server.answer(() => Promise.resolve({ certificateChain: 'garbage', authorities: 'garbage' }));
  await until(() => errors().length > 1, 60_000);
  expect(fingerprint()).toBe(before);
  server.answer(server.sign());
  await until(() => fingerprint() !== before, 60_000);
});

it("An agent follows a change of authorities, whether the server's answer or the file tells of it", async () => {
  const [server, next, last] = [await startServer(), await createTestCa(), await createTestCa()];
  const { has, until, fingerprint, caFile, outcomes } = await setup({
    ports: [server.port],
    ca: server.ca.pem,
  });
  server.answer(server.sign({ authorities: server.ca.pem + next.pem }));
  await has('issued');
  // The answer had the next authority before the file did: its server is trusted.
  await server.move({ ca: next, trusted: next.pem });
  const [before, count] = [fingerprint(), outcomes.length];
  await until(() => fingerprint() !== before, 60_000);
  expect(outcomes.slice(count)).toEqual(['issued']);
  // Only the file has the last one. It lacks our issuer, so the agent renews without waiting.
  await server.move({ ca: last, trusted: last.pem });
  const [then, askedBefore] = [fingerprint(), server.asked.length];
  await writeFile(caFile, last.pem);
  await until(() => fingerprint() !== then);
  expect(server.asked.length).toBe(askedBefore + 1);
});
