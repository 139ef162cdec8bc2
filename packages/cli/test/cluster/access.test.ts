import { chmod, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { delimiter, join } from 'node:path';
import { eventually, openFolder } from '@rolegate/testing';
import type { Environment } from '@rolegate/runtime';
import { describe, expect, it } from 'vitest';
import { Exec, KubeConfig } from '@kubernetes/client-node';
import { openCluster } from '../../src/cluster/cluster.ts';
import { createConnection } from '../../src/cluster/connection.ts';
import { createExecs } from '../../src/cluster/exec.ts';
import { withTimeouts } from '../../src/cluster/kube-config.ts';
import { startProxy, startTlsApi } from './tls-api.ts';

const { signal } = new AbortController();
const right = { verb: 'list', resource: 'pods' };
const program = {
  namespace: 'rolegate',
  pod: 'agent-a',
  container: 'agent',
  command: ['rolegate-agent', 'status'],
};

interface Access {
  readonly cluster: object;
  readonly user?: object;
  /** Further files of KUBECONFIG. */
  readonly more?: readonly object[];
  readonly env?: Environment;
  readonly as?: string;
}

function configOf(cluster: object, user?: object): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    clusters: [{ name: 'here', cluster }],
    ...(user === undefined ? {} : { users: [{ name: 'me', user }] }),
    contexts: [{ name: 'here', context: { cluster: 'here', ...(user === undefined ? {} : { user: 'me' }) } }],
  };
}

/** Sends a plain request and runs a program with a kubeconfig, and tells how both went. */
async function reach({ cluster, user, more = [], env = {}, as }: Access) {
  await using stack = new AsyncDisposableStack();
  const folder = await openFolder('kubeconfig-', stack);
  const files = [configOf(cluster, user), ...more];
  const paths = files.map((_, at) => join(folder, `config-${at}`));
  for (const [at, file] of files.entries()) await writeFile(paths[at] ?? '', JSON.stringify(file));
  await writeFile(join(folder, 'plugin'), `#!/bin/sh\necho '{"status":{"token":"from the plugin"}}'`);
  await chmod(join(folder, 'plugin'), 0o755);
  using opened = await openCluster(
    { kubeconfig: undefined, context: undefined, as },
    { PATH: process.env['PATH'], KUBECONFIG: paths.join(delimiter), ...env },
  );
  const plain = await opened.connection.json({ path: '/api/v1/pods', right, signal }).then(
    () => 'ok',
    (error: unknown) => String(error),
  );
  const outcome = await opened.exec(program, signal);
  return { plain, exec: outcome.kind === 'exited' ? outcome.stdout : JSON.stringify(outcome) };
}

const BOTH = { plain: 'ok', exec: 'ok' };

describe('Requests and programs in Pods', () => {
  it('reach an API server with a token, by its certificate authority', async () => {
    await using api = await startTlsApi();
    const cluster = { server: `https://127.0.0.1:${api.port}/`, 'certificate-authority-data': api.ca };
    expect(await reach({ cluster, user: { token: 't1' }, as: 'jane' })).toEqual(BOTH);
    const common = {
      host: `127.0.0.1:${api.port}`,
      authorization: 'Bearer t1',
      impersonated: 'jane',
      client: undefined,
    };
    expect(api.received).toEqual([
      { kind: 'plain', path: '/api/v1/pods', ...common },
      { kind: 'exec', path: '/api/v1/namespaces/rolegate/pods/agent-a/exec', ...common },
    ]);
  });

  it('do not reach an API server whose certificate authority is unknown', async () => {
    await using api = await startTlsApi();
    const { plain, exec } = await reach({
      cluster: { server: `https://127.0.0.1:${api.port}` },
      user: { token: 't1' },
    });
    for (const outcome of [plain, exec]) expect(outcome).toContain('unable to verify the first certificate');
    expect(api.received).toEqual([]);
  });

  it.each([
    { how: 'insecure-skip-tls-verify', more: { 'insecure-skip-tls-verify': true }, ca: false },
    { how: 'tls-server-name', more: { 'tls-server-name': 'api.example' }, ca: true },
  ])('reach an API server with $how', async ({ more, ca }) => {
    await using api = await startTlsApi();
    const cluster = {
      server: `https://localhost:${api.port}`,
      ...more,
      ...(ca ? { 'certificate-authority-data': api.ca } : {}),
    };
    expect(await reach({ cluster, user: { token: 't1' } })).toEqual(BOTH);
  });

  it('do not accept a certificate for another name', async () => {
    await using api = await startTlsApi();
    const cluster = { server: `https://localhost:${api.port}`, 'certificate-authority-data': api.ca };
    const { plain, exec } = await reach({ cluster, user: { token: 't1' } });
    for (const outcome of [plain, exec]) expect(outcome).toContain("does not match certificate's altnames");
  });

  it('reach an API server at an IPv6 address', async () => {
    await using api = await startTlsApi({ host: '::1' });
    const cluster = { server: `https://[::1]:${api.port}`, 'certificate-authority-data': api.ca };
    expect(await reach({ cluster, user: { token: 't1' } })).toEqual(BOTH);
  });

  it('show a client certificate', async () => {
    await using api = await startTlsApi();
    const { cert, key } = await api.client();
    const cluster = { server: `https://127.0.0.1:${api.port}`, 'certificate-authority-data': api.ca };
    const user = {
      'client-certificate-data': Buffer.from(cert).toString('base64'),
      'client-key-data': Buffer.from(key).toString('base64'),
    };
    expect(await reach({ cluster, user })).toEqual(BOTH);
    expect(api.received.map(({ client }) => client)).toEqual([expect.any(String), expect.any(String)]);
  });

  it('have the token of a credential plugin beside the kubeconfig', async () => {
    await using api = await startTlsApi();
    const cluster = { server: `https://127.0.0.1:${api.port}`, 'certificate-authority-data': api.ca };
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: './plugin',
      interactiveMode: 'Never',
    };
    expect(await reach({ cluster, user: { exec } })).toEqual(BOTH);
    expect(api.received.map(({ authorization }) => authorization)).toEqual([
      'Bearer from the plugin',
      'Bearer from the plugin',
    ]);
  });

  it('have no credentials if the context has no user', async () => {
    await using api = await startTlsApi();
    const cluster = { server: `https://127.0.0.1:${api.port}`, 'certificate-authority-data': api.ca };
    expect(await reach({ cluster })).toEqual(BOTH);
    expect(api.received.map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
  });

  it('take the user from another file of KUBECONFIG, and of two entries with one name the first', async () => {
    await using api = await startTlsApi();
    const cluster = { server: `https://127.0.0.1:${api.port}`, 'certificate-authority-data': api.ca };
    const second = {
      ...configOf({ server: 'https://192.0.2.1' }, { token: 'second' }),
      'current-context': 'other',
    };
    expect(await reach({ cluster, user: { token: 'first' }, more: [second] })).toEqual(BOTH);
    expect(api.received.map(({ authorization }) => authorization)).toEqual(['Bearer first', 'Bearer first']);
  });
});

describe('The connection of a program', () => {
  it.each([
    { how: 'has ended', isSilent: false, outcome: { kind: 'exited', stdout: 'ok' } },
    {
      how: 'never begins',
      isSilent: true,
      outcome: { kind: 'failed', fault: 'Opening handshake has timed out' },
    },
  ])('that $how is ended, even if the API server does not end it', async ({ isSilent, outcome }) => {
    await using api = await startTlsApi({ isSilent });
    const config = new KubeConfig();
    const server = `https://127.0.0.1:${api.port}`;
    config.loadFromClusterAndUser({ name: 'x', server, skipTLSVerify: true }, { name: 'x', token: 't1' });
    const exec = createExecs({ exec: new Exec(withTimeouts(config, 1_000)) });
    expect(await exec(program, signal)).toMatchObject(outcome);
    await eventually(
      () => {
        expect(api.ended()).toBe(1);
      },
      { withinMs: 5_000, everyMs: 20 },
    );
  });
});

describe('A proxy', () => {
  const target = 'api.example:6443';

  it.each([
    { from: 'proxy-url', inConfig: true },
    { from: 'HTTPS_PROXY', inConfig: false },
  ])('of $from connects requests and programs, with its password', async ({ inConfig }) => {
    await using api = await startTlsApi();
    await using proxy = await startProxy(api.port);
    const url = `http://me:secret@${proxy.address}`;
    const cluster = {
      server: `https://${target}`,
      'certificate-authority-data': api.ca,
      ...(inConfig ? { 'proxy-url': url } : {}),
    };
    const env = inConfig ? {} : { HTTPS_PROXY: url };
    expect(await reach({ cluster, user: { token: 't1' }, env })).toEqual(BOTH);
    const authorization = `Basic ${Buffer.from('me:secret').toString('base64')}`;
    expect(proxy.asked).toEqual([
      { target, authorization },
      { target, authorization },
    ]);
    expect(api.received.map(({ authorization: token }) => token)).toEqual(['Bearer t1', 'Bearer t1']);
  });

  it('that does not connect ends a request in time', async () => {
    const silent = createServer();
    const sockets: Socket[] = [];
    silent.on('connection', (socket) => sockets.push(socket));
    await new Promise<void>((resolve) => {
      silent.listen(0, '127.0.0.1', resolve);
    });
    const config = new KubeConfig();
    const proxyUrl = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    config.loadFromClusterAndUser(
      { name: 'x', server: `https://${target}`, skipTLSVerify: false, proxyUrl },
      { name: 'x' },
    );
    const asked = createConnection(config).json({ path: '/', right, signal, silenceMs: 50 });
    await expect(asked).rejects.toThrow('Proxy timeout');
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it('of the environment is not asked for a server on this machine', async () => {
    await using api = await startTlsApi();
    await using proxy = await startProxy(api.port);
    const cluster = { server: `https://127.0.0.1:${api.port}`, 'certificate-authority-data': api.ca };
    expect(await reach({ cluster, user: { token: 't1' }, env: { HTTPS_PROXY: proxy.address } })).toEqual(
      BOTH,
    );
    expect(proxy.asked).toEqual([]);
  });

  it('does not weaken the check of the certificate', async () => {
    await using api = await startTlsApi();
    await using proxy = await startProxy(api.port);
    const cluster = { server: 'https://other.example:6443', 'certificate-authority-data': api.ca };
    const env = { HTTPS_PROXY: proxy.address };
    const { plain, exec } = await reach({ cluster, user: { token: 't1' }, env });
    for (const outcome of [plain, exec]) expect(outcome).toContain("does not match certificate's altnames");
    expect(api.received).toEqual([]);
  });
});
