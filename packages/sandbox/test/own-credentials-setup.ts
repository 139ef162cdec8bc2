import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClientCredentials, createRolegateClient, watchTlsFiles } from '@rolegate/protocol';
import type { FeedUpdateRead } from '@rolegate/protocol';
import { silentLog, systemClock } from '@rolegate/runtime';
import { createTestCa, freePort, startKubernetesApi, startSts, writeTlsFiles } from '@rolegate/testing';
import { startProgram } from '../src/program.ts';

const REGION = 'eu-west-1';

/** Only a built server, with its own credentials from `env`, and an agent's stream that the test controls. */
export async function startServer({
  env,
  args = [],
}: {
  env: (world: { readonly folder: string; readonly stsUrl: string }) => Record<string, string>;
  args?: readonly string[];
}) {
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-own-'));
  const api = await startKubernetesApi({
    namespaces: [{ metadata: { name: 'shop', annotations: { 'iam.amazonaws.com/permitted': '.*' } } }],
  });
  const sts = await startSts();
  const ca = await createTestCa();
  const tlsOf = async (name: string, names: Parameters<typeof ca.issue>[0]) =>
    writeTlsFiles(join(folder, name), { ca: ca.pem, ...(await ca.issue(names)) });
  const tls = await tlsOf('server', { dns: ['rolegate-server'] });
  await writeFile(join(folder, 'kubeconfig'), api.kubeconfig());
  const [port, opsPort] = [await freePort(), await freePort()];
  const lines: string[] = [];
  const server = startProgram({
    name: 'server',
    opsPort,
    onLine: (line) => lines.push(line),
    env: { AWS_EC2_METADATA_DISABLED: 'true', ...env({ folder, stsUrl: sts.url }) },
    args: [
      '--bind',
      `127.0.0.1:${port}`,
      '--prometheus-listen-addr',
      `127.0.0.1:${opsPort}`,
      '--probe-bind',
      '127.0.0.1:0',
      '--cert',
      tls.cert,
      '--key',
      tls.key,
      '--ca',
      tls.ca,
      '--kubeconfig',
      join(folder, 'kubeconfig'),
      '--region',
      REGION,
      '--sts-endpoint',
      sts.url,
      ...args,
    ],
  });
  await server.ready();
  const agent = openFeed(port, await tlsOf('agent', { uris: ['spiffe://rolegate/node/node-a'] }));
  let pods = 0;

  return {
    folder,
    api,
    sts,
    lines,
    page: (path: string) => read(opsPort, path),
    /** Creates a Pod with its own role on the agent's node. Resolves with the key ID of its credentials. */
    pod: (role = `app-${(pods += 1)}`) => {
      api.apply({
        kind: 'Pod',
        metadata: { name: role, namespace: 'shop', annotations: { 'iam.amazonaws.com/role': role } },
        spec: { nodeName: 'node-a' },
      });
      return {
        key: () => agent.find(role, ({ session }) => session?.credentials?.accessKeyId),
        failure: () => agent.find(role, ({ session }) => session?.failure?.reason),
      };
    },
    async [Symbol.asyncDispose]() {
      agent.close();
      await server.stop();
      await Promise.all([sts.close(), api.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Opens the stream of node-a like its agent. */
function openFeed(port: number, files: { cert: string; key: string; ca: string }) {
  const stop = new AbortController();
  const { signal } = stop;
  const tls = watchTlsFiles({ files, purpose: 'client', clock: systemClock, log: silentLog, signal });
  const client = createRolegateClient({
    target: `127.0.0.1:${port}`,
    credentials: createClientCredentials(tls),
    serverName: 'rolegate-server',
  });
  const updates: FeedUpdateRead[] = [];
  const call = client.feed();
  call.on('data', (update: FeedUpdateRead) => updates.push(update));
  call.on('error', () => undefined);
  call.write({ nodeName: 'node-a', version: '1' });
  return {
    /** The value in the latest update about this Pod's session that has it. */
    find<T>(name: string, what: (update: FeedUpdateRead) => T | undefined): T | undefined {
      const id = updates.findLast(({ pod }) => pod?.name === name)?.pod?.allow?.sessionId;
      const mine = updates.filter(({ session }) => id !== undefined && session?.sessionId === id);
      return mine.map(what).findLast((found) => found !== undefined);
    },
    close() {
      stop.abort();
      call.cancel();
      client.close();
    },
  };
}

function read(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => {
        resolve(text);
      });
    }).on('error', reject);
  });
}
