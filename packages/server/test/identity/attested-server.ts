import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import * as x509 from '@peculiar/x509';
import { createClientCredentials, createRolegateClient } from '@rolegate/protocol';
import type {
  AgentReport,
  AttestResponseRead,
  ClientTls,
  FeedUpdateRead,
  RolegateClient,
} from '@rolegate/protocol';
import { systemClock } from '@rolegate/runtime';
import { eventually, freePort, startKubernetesApi, startSts } from '@rolegate/testing';
import type { KubernetesApi } from '@rolegate/testing';
import { parseServerConfig } from '../../src/config/config.ts';
import { runServer } from '../../src/server.ts';
import { recordLog } from './authority/setup.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** Milliseconds. */
export const PATIENCE = { withinMs: 30_000, everyMs: 10 };

/** The server's credentials, so that the SDK does not look elsewhere. */
const OWN = {
  AWS_ACCESS_KEY_ID: 'AKIASERVER',
  AWS_SECRET_ACCESS_KEY: 'x',
  AWS_EC2_METADATA_DISABLED: 'true',
};

/** A Pod of the agents' DaemonSet. */
export function agentPod(node: string, more: { name?: string; account?: string; owner?: object } = {}) {
  const { name = `agent-${node}`, account = 'rolegate-agent' } = more;
  const owner = more.owner ?? { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'agents', controller: true };
  return {
    metadata: { name, namespace: 'rolegate', ownerReferences: [owner] },
    spec: { nodeName: node, serviceAccountName: account, hostNetwork: true },
    status: { phase: 'Running' },
  };
}

/** A tenant's Pod with a role. */
function tenantPod(name: string, node: string, ip: string) {
  return {
    metadata: { name, namespace: 'shop', annotations: { 'iam.amazonaws.com/role': name } },
    spec: { nodeName: node },
    status: { phase: 'Running', podIP: ip, podIPs: [{ ip }] },
  };
}

/** A whole server with stand-ins for the API server and STS, and an agent and a tenant's Pod on node-a and node-b. */
export async function startAttestedServer(argv: readonly string[] = ['--namespace', 'rolegate']) {
  Object.assign(process.env, OWN);
  const closing: (() => unknown)[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-attested-'));
  const api = await startKubernetesApi({
    namespaces: [
      { metadata: { name: 'rolegate' } },
      { metadata: { name: 'shop', annotations: { 'iam.amazonaws.com/permitted': 'a|b' } } },
    ],
    pods: [
      ...['node-a', 'node-b'].map((node) => agentPod(node)),
      tenantPod('a', 'node-a', '198.18.0.1'),
      tenantPod('b', 'node-b', '198.18.0.2'),
    ],
  });
  const sts = await startSts();
  closing.push(
    () => rm(folder, { recursive: true, force: true }),
    () => api.close(),
    () => sts.close(),
  );
  await writeFile(join(folder, 'kubeconfig'), api.kubeconfig());
  const [port, attestPort, opsPort] = [await freePort(), await freePort(), await freePort()];
  const { log, lines } = recordLog();
  const stop = new AbortController();
  const start = () => {
    const outcome = parseServerConfig({
      argv: [
        ...(argv.includes('--cert') ? [] : ['--attest-bind', `127.0.0.1:${attestPort}`]),
        '--bind',
        `127.0.0.1:${port}`,
        '--prometheus-listen-addr',
        `127.0.0.1:${opsPort}`,
        '--probe-bind',
        '127.0.0.1:0',
        '--kubeconfig',
        join(folder, 'kubeconfig'),
        '--region',
        'eu-west-1',
        '--sts-endpoint',
        sts.url,
        ...argv,
      ],
      env: {},
    });
    if (outcome.kind !== 'config') throw new Error(JSON.stringify(outcome));
    const { config } = outcome;
    const deps = { config, clock: systemClock, log, random: Math.random, hostname: 'server-0' };
    const running = runServer(deps, stop.signal);
    closing.push(async () => {
      stop.abort();
      await running;
    });
  };
  const ops = (path: string) => ask(opsPort, path);
  const clientOf = (toPort: number, tls: ClientTls): RolegateClient => {
    const client = createRolegateClient({
      target: `127.0.0.1:${toPort}`,
      credentials: createClientCredentials({ current: () => tls }),
      serverName: 'rolegate-server',
    });
    closing.push(() => {
      client.close();
    });
    return client;
  };
  return {
    api,
    sts,
    port,
    attestPort,
    lines,
    start,
    ops,
    ready: () =>
      eventually(async () => ((await ops('/readyz')).status === 200 ? true : fail('not ready')), PATIENCE),
    /** The lines that an auditor looks for. */
    audits: () => lines.filter(({ fields }) => fields['audit'] === true).map(({ fields }) => fields),
    foreignCount: async () =>
      Number(/^rolegate_foreign_node_total (\d+)/m.exec((await ops('/metrics')).body)?.[1] ?? NaN),
    refusedAttestations: async () =>
      Number(
        /^rolegate_attestations_total\{outcome="ForeignNode"\} (\d+)/m.exec(
          (await ops('/metrics')).body,
        )?.[1] ?? 0,
      ),
    bundle: () =>
      String((api.get('ConfigMap', 'rolegate', 'rolegate-authority')?.['data'] as Data)['ca.crt']),
    /** On the port for certificates. */
    client: (tls: ClientTls) => clientOf(port, tls),
    /** On the attestation port, without a client certificate. */
    attestClient: (tls: Pick<ClientTls, 'ca'>) => clientOf(attestPort, { ca: tls.ca }),
    async [Symbol.asyncDispose]() {
      for (const close of closing.splice(0).reverse()) await close();
    },
  };
}

export type AttestedServer = Awaited<ReturnType<typeof startAttestedServer>>;
type Data = Readonly<Record<string, unknown>>;

/** As kubelet projects it into an agent. */
export function tokenOf(api: KubernetesApi, node: string): string {
  return api.issueToken({ pod: `rolegate/agent-${node}` });
}

/** Attests as an agent does; rejects with the call's error. */
export async function attested(server: AttestedServer, token: string): Promise<Required<ClientTls>> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const request = await requestOf(keys);
  const ca = Buffer.from(server.bundle());
  const { certificateChain, authorities } = await patiently(() =>
    attest(server.attestClient({ ca }), token, request),
  );
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const key = x509.PemConverter.encode(pkcs8, 'PRIVATE KEY');
  return { ca: Buffer.from(authorities), cert: Buffer.from(certificateChain), key: Buffer.from(key) };
}

/** A certificate request with a new key. */
export async function newRequest(): Promise<Buffer> {
  return requestOf(await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']));
}

async function requestOf(keys: webcrypto.CryptoKeyPair): Promise<Buffer> {
  x509.cryptoProvider.set(webcrypto);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=agent',
    keys,
    signingAlgorithm: ALGORITHM,
  });
  return Buffer.from(request.rawData);
}

/** As an agent that is told to slow down. */
export async function patiently<T>(act: () => Promise<T>): Promise<T> {
  const outcome = await eventually(
    () =>
      act().then(
        (value) => ({ value }),
        (error: unknown) => {
          if (String(error).includes('TooManyRequests')) throw error as Error;
          return { error: error as Error };
        },
      ),
    { withinMs: 30_000, everyMs: 250 },
  );
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

/** One Attest with what is given. */
export function attest(client: RolegateClient, token: string, request: Buffer): Promise<AttestResponseRead> {
  return new Promise((resolve, reject) => {
    const deadline = Date.now() + 10_000;
    client.attest({ token, certificateRequest: request }, { deadline }, (error, response) => {
      if (response === undefined) reject(error ?? new Error('no answer'));
      else resolve(response);
    });
  });
}

/** The owner of the address in the server's answer: the Pod's name, or the text of the error. */
export function resolveIp(client: RolegateClient, ip: string, metadata = new Metadata()): Promise<string> {
  return new Promise((resolve) => {
    client.resolve({ ip }, metadata, { deadline: Date.now() + 10_000 }, (error, response) => {
      resolve(error === null ? (response?.pod?.name ?? 'nobody') : error.message);
    });
  });
}

/** A feed; `ended` resolves with the text of its error. */
export function openFeed(client: RolegateClient, first: AgentReport = {}, metadata = new Metadata()) {
  const updates: FeedUpdateRead[] = [];
  const call = client.feed(metadata);
  call.on('data', (update: FeedUpdateRead) => updates.push(update));
  const ended = new Promise<string>((resolve) => {
    call.on('error', (error: ServiceError) => {
      resolve(error.message);
    });
    call.on('end', () => {
      resolve('ended in order');
    });
  });
  call.write({ version: '1', ...first });
  const synced = () =>
    eventually(() => (updates.some((update) => update.synced) ? true : fail('not synced')), PATIENCE);
  return {
    updates,
    ended,
    synced,
    report: (report: AgentReport) => call.write(report),
    pods: () => [...new Set(updates.flatMap(({ pod }) => pod?.name ?? []))].sort(),
    close: () => {
      call.cancel();
    },
  };
}

function fail(message: string): never {
  throw new Error(message);
}

function ask(port: number, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve) => {
    const call = get({ host: '127.0.0.1', port, path }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body });
      });
    });
    call.on('error', () => {
      resolve({ status: 0, body: '' });
    });
  });
}
