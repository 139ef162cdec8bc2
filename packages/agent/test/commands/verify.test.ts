import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createCall } from '../../src/commands/verify/call.ts';
import { parseVerifyConfig } from '../../src/commands/verify/flags.ts';
import type { Expectation } from '../../src/commands/verify/flags.ts';
import { runVerify, verify } from '../../src/commands/verify/verify.ts';
import { startAgent } from '../whole-agent.ts';

const LIST = '/latest/meta-data/iam/security-credentials';
const USER_DATA = '/latest/user-data';
const TOKEN = '/latest/api/token';

interface Reply {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
type Replies = Readonly<Record<string, Reply | ((request: IncomingMessage) => Reply)>>;

const text = (body: string): Reply => ({ status: 200, body });
const refusal = (status: number): Reply => ({
  status,
  body: JSON.stringify({ Code: 'Refused', Message: '', requestId: 'r-1' }),
});
const document = (members: object) => text(JSON.stringify(members));
const CREDENTIALS = document({
  Code: 'Success',
  AccessKeyId: 'ASIAKEY',
  SecretAccessKey: 'of-nobody-else',
  Token: 'nor-this',
  Expiration: '2026-11-23T07:39:10Z',
});

/** A metadata API that answers by this table, and otherwise 404 like the node's. */
async function startApi(replies: Replies) {
  const asked: string[] = [];
  const api = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    const row = replies[request.url ?? ''] ?? { status: 404, body: '<title>404</title>' };
    const { status, body = '', headers = {} } = typeof row === 'function' ? row(request) : row;
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  const { port } = api.address() as AddressInfo;
  return {
    asked,
    endpoint: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => api.close(resolve));
    },
  };
}

/** `tries`: how often a call answered 503 is made. */
async function tryApi(endpoint: string, { expected, tries = 1 }: { expected: Expectation; tries?: number }) {
  let elapsedMs = 0;
  const call = createCall({
    endpoint,
    withinMs: tries - 1,
    elapsed: () => elapsedMs,
    pause: () => Promise.resolve((elapsedMs += 1)),
  });
  const lines: string[] = [];
  const passed = await verify({ call, expected, say: (line) => lines.push(line) });
  return { passed, lines, text: lines.join('\n') };
}

const NONE: Expectation = { kind: 'none' };
const ROLE: Expectation = { kind: 'role', role: 'app' };
const PERMITTED: Expectation = { kind: 'credentials', role: 'app' };
const CLOSED: Replies = { [LIST]: refusal(404), [USER_DATA]: refusal(404) };
const DENIED: Replies = { ...CLOSED, [LIST]: text('app'), [`${LIST}/app`]: refusal(403) };
const GIVEN: Replies = { ...DENIED, [`${LIST}/app`]: CREDENTIALS };

describe('Verify command', () => {
  it('The verify command requests only the role list and user data', async () => {
    await using api = await startApi(CLOSED);
    expect((await tryApi(api.endpoint, { expected: NONE })).passed).toBe(true);
    expect(api.asked).toEqual([`GET ${LIST}`, `GET ${USER_DATA}`]);
  });

  it.each([
    { name: 'no role, by a 403', replies: { ...CLOSED, [LIST]: refusal(403) }, expected: NONE },
    { name: 'the role and a refusal', replies: DENIED, expected: ROLE },
    { name: 'the role and its credentials', replies: GIVEN, expected: PERMITTED },
    {
      name: 'a role with a path, asked for with a slash before it',
      replies: { ...CLOSED, [LIST]: text('team/app'), [`${LIST}/team/app`]: refusal(403) },
      expected: { kind: 'role', role: '/team/app' },
    },
    {
      name: 'a role asked for by its ARN',
      replies: DENIED,
      expected: { kind: 'role', role: 'arn:aws:iam::123456789012:role/app' },
    },
  ] as { name: string; replies: Replies; expected: Expectation }[])(
    'The verify command passes with $name',
    async ({ replies, expected }) => {
      await using api = await startApi(replies);
      const { passed, text: said } = await tryApi(api.endpoint, { expected });
      expect({ passed, said }).toMatchObject({ passed: true, said: expect.not.stringContaining('WRONG') });
    },
  );

  it.each([
    {
      name: "the node's role is listed",
      replies: { ...CLOSED, [LIST]: text('node-role') },
      expected: NONE,
      says: 'role "node-role", but expected no role',
    },
    {
      name: "the node's own API answers 404",
      replies: { [USER_DATA]: refusal(404) },
      expected: NONE,
      says: 'something else answers',
    },
    {
      name: 'user data is served',
      replies: { ...CLOSED, [USER_DATA]: text('#!/bin/sh') },
      expected: NONE,
      says: "the node's user data comes through",
    },
    {
      name: 'it is redirected',
      replies: { ...CLOSED, [LIST]: { status: 301, headers: { location: `${LIST}/` } } },
      expected: NONE,
      says: '301, but not from the agent',
    },
    {
      name: 'another role is listed',
      replies: { ...CLOSED, [LIST]: text('node-role') },
      expected: ROLE,
      says: 'but expected the role app',
    },
    {
      name: 'a second role is listed',
      replies: { ...DENIED, [LIST]: text('app\nnode-role') },
      expected: ROLE,
      says: 'but expected the role app',
    },
    { name: 'no role is listed', replies: CLOSED, expected: ROLE, says: 'no role, but expected app' },
    {
      name: 'credentials are served unexpectedly',
      replies: GIVEN,
      expected: ROLE,
      says: 'but expected a refusal',
    },
    {
      name: 'credentials are missing',
      replies: DENIED,
      expected: PERMITTED,
      says: 'does not permit the role',
    },
    {
      name: 'STS refuses',
      replies: {
        ...DENIED,
        [`${LIST}/app`]: document({ Code: 'AssumeRoleUnauthorizedAccess', Message: 'no' }),
      },
      expected: PERMITTED,
      says: '"AssumeRoleUnauthorizedAccess", "no"',
    },
    {
      name: 'the document is incomplete',
      replies: { ...DENIED, [`${LIST}/app`]: document({ Code: 'Success' }) },
      expected: PERMITTED,
      says: 'incomplete',
    },
    {
      name: 'every answer is 503',
      replies: { ...CLOSED, [LIST]: refusal(503) },
      expected: NONE,
      says: '503 until the retries ended',
    },
  ] as { name: string; replies: Replies; expected: Expectation; says: string }[])(
    'The verify command fails if $name',
    async ({ replies, expected, says }) => {
      await using api = await startApi(replies);
      const { passed, text: said } = await tryApi(api.endpoint, { expected });
      expect({ passed, said }).toEqual({ passed: false, said: expect.stringContaining(says) });
    },
  );

  it('The verify command shows no secret', async () => {
    await using api = await startApi({ ...GIVEN, [USER_DATA]: text('password') });
    const { text: said } = await tryApi(api.endpoint, { expected: PERMITTED });
    expect(said).toContain('2026-11-23T07:39:10Z');
    expect(said).not.toMatch(/ASIAKEY|of-nobody-else|nor-this|password/);
  });

  it('The verify command retries while the agent does not know the Pod', async () => {
    let calls = 0;
    await using api = await startApi({ ...CLOSED, [LIST]: () => refusal((calls += 1) < 3 ? 503 : 404) });
    expect((await tryApi(api.endpoint, { expected: NONE, tries: 3 })).passed).toBe(true);
  });

  it('The verify command fails with ECONNREFUSED if nothing answers', async () => {
    const api = await startApi({});
    await api[Symbol.asyncDispose]();
    const { passed, text: said } = await tryApi(api.endpoint, { expected: NONE });
    expect({ passed, said }).toEqual({ passed: false, said: expect.stringContaining('ECONNREFUSED') });
  });

  it('The verify command uses a token if one is required', async () => {
    const demanding = ({ headers }: IncomingMessage) =>
      headers['x-aws-ec2-metadata-token'] === 'a-token' ? refusal(404) : refusal(401);
    await using api = await startApi({
      [LIST]: demanding,
      [USER_DATA]: demanding,
      [TOKEN]: ({ method }) => (method === 'PUT' ? text('a-token') : refusal(405)),
    });
    expect((await tryApi(api.endpoint, { expected: NONE })).passed).toBe(true);
  });

  it('The verify command recognizes the refusals of a real agent', async () => {
    await using agent = await startAgent(['--mode=firewall']);
    const { host, port } = agent.address;
    let wrote = '';
    const write = (line: string) => (wrote += line);
    const argv = ['node', 'main.js', 'verify', `--endpoint=http://${host}:${port}`];
    const code = await runVerify({ argv, env: {}, stdout: { write }, stderr: { write } });
    expect({ code, wrote }).toEqual({ code: 0, wrote: expect.stringContaining('passed') });
  });
});

describe('Verify configuration', () => {
  const parse = (...argv: string[]) => parseVerifyConfig({ argv: ['verify', ...argv], env: {} });

  it('The verify command requires --endpoint', () => {
    expect(parse()).toMatchObject({ kind: 'faults', faults: [expect.stringContaining('--endpoint')] });
  });

  it.each([['--expect=role'], ['--expect=credentials'], ['--expect=none', '--role=app']])(
    'The verify command requires --role if it expects a role, and refuses it otherwise: %s',
    (...argv) => {
      const outcome = parse('--endpoint=http://127.0.0.1:1', ...argv);
      expect(outcome).toMatchObject({ kind: 'faults', faults: [expect.stringContaining('--role')] });
    },
  );
});
