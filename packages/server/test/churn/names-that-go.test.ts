import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createClientCredentials, createRolegateClient, watchTlsFiles } from '@rolegate/protocol';
import { silentLog, systemClock } from '@rolegate/runtime';
import { createTestCa, eventually, freePort, startSts, writeTlsFiles } from '@rolegate/testing';
import { startNamesApi } from './names-api.ts';

const MAIN = fileURLToPath(new URL('server-main.ts', import.meta.url));

/** The heap size of Node 24 in the chart's container of 512 MiB, with the image's flags. */
const NODE = [
  '--max-old-space-size=259',
  '--max-semi-space-size=4',
  '--conditions=development',
  '--expose-gc',
];

/** The server's credentials, so that the SDK does not look elsewhere. */
const OWN = {
  AWS_ACCESS_KEY_ID: 'AKIASERVER',
  AWS_SECRET_ACCESS_KEY: 'x',
  AWS_EC2_METADATA_DISABLED: 'true',
};

/** Namespaces, of which each has a ServiceAccount and three Pods: 200,000 objects, on 120,000 nodes that do not exist. */
const COUNT = 40_000;
const WARM_UP = 8_000;
const PODS_EACH = 3;
const MOST_GROWTH_MB = 10;

const PATIENCE = { withinMs: 50_000, everyMs: 20 };

interface Measured {
  readonly rssMb: number;
  readonly heapMb: number;
}

async function setup(disposables: AsyncDisposableStack) {
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-names-'));
  disposables.defer(() => rm(folder, { recursive: true, force: true }));
  const api = disposables.use(await startNamesApi());
  const sts = disposables.use(await startSts());
  const ca = await createTestCa();
  const filesOf = async (name: string, names: Parameters<typeof ca.issue>[0]) =>
    writeTlsFiles(join(folder, name), { ca: ca.pem, ...(await ca.issue(names)) });
  const tls = await filesOf('server', { dns: ['rolegate-server'] });
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, kubeconfigFor(api.url));
  const [port, opsPort] = [await freePort(), await freePort()];
  const flags = {
    bind: `127.0.0.1:${port}`,
    'prometheus-listen-addr': `127.0.0.1:${opsPort}`,
    'probe-bind': '127.0.0.1:0',
    cert: tls.cert,
    key: tls.key,
    ca: tls.ca,
    kubeconfig,
    region: 'eu-west-1',
    'sts-endpoint': sts.url,
    'role-base-arn': 'arn:aws:iam::123456789012:role/',
  };
  const argv = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const server = fork(MAIN, argv, { execArgv: NODE, env: { PATH: process.env['PATH'], ...OWN } });
  disposables.defer(() => stopped(server));
  await eventually(() => {
    expect(api.isWatched()).toBe(true);
  }, PATIENCE);
  const metrics = async () => (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text();
  const agent = await filesOf('agent', { uris: ['spiffe://rolegate/node/node-a'] });
  disposables.defer(await connectAgent(port, agent));
  return { api, sts, server, metrics };
}

/** An agent that reads its stream and keeps nothing. */
async function connectAgent(port: number, files: { cert: string; key: string; ca: string }) {
  const stop = new AbortController();
  const deps = { files, clock: systemClock, log: silentLog, signal: stop.signal };
  const tls = watchTlsFiles({ ...deps, purpose: 'client' });
  const credentials = createClientCredentials(tls);
  const client = createRolegateClient({
    target: `127.0.0.1:${port}`,
    credentials,
    serverName: 'rolegate-server',
  });
  const call = client.feed();
  call.on('error', () => undefined);
  call.write({ version: '1' });
  await once(call, 'data');
  call.resume();
  return () => {
    stop.abort();
    client.close();
  };
}

async function ask(server: ChildProcess, what: string): Promise<unknown> {
  server.send(what);
  const [said] = (await once(server, 'message')) as [unknown];
  return said;
}

async function stopped(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const ended = once(server, 'exit');
  server.disconnect();
  await ended;
}

it('A server uses less than 10 MB more memory after 200,000 objects were created and deleted', async () => {
  await using disposables = new AsyncDisposableStack();
  const { api, sts, server, metrics } = await setup(disposables);
  sts.fail('arn:aws:iam::123456789012:role/role-unknown', 'AccessDenied');
  /** The server has seen all objects created and deleted. */
  const play = async (count: number, from: number) => {
    await api.comeAndGo(count, from, () => ask(server, 'look around'));
    const gone = `rolegate_watch_events_total{kind="Pod",type="deleted"} ${(from + count) * PODS_EACH}\n`;
    await eventually(async () => {
      expect(await metrics()).toContain(gone);
    }, PATIENCE);
    return (await ask(server, 'measure')) as Measured;
  };
  const before = await play(WARM_UP, 0);
  const after = await play(COUNT, WARM_UP);
  const page = await metrics();
  // They were decided, not only listed.
  for (const reason of ['Allowed', 'NamespaceDenied'])
    expect(page).toContain(`rolegate_decisions_total{reason="${reason}"}`);
  for (const kind of ['object_names', 'missing_objects'])
    expect(page).toContain(`rolegate_remembered_names{of="${kind}"} 0\n`);
  const growthMb = after.rssMb - before.rssMb;
  expect(growthMb < MOST_GROWTH_MB || { before, after }).toBe(true);
}, 180_000);

function kubeconfigFor(server: string): string {
  return `apiVersion: v1
kind: Config
current-context: names
clusters: [{ name: names, cluster: { server: '${server}', insecure-skip-tls-verify: true } }]
users: [{ name: names, user: { token: names } }]
contexts: [{ name: names, context: { cluster: names, user: names } }]
`;
}
