import type { KeyObject } from 'node:crypto';
import { createClientCredentials, createRolegateClient } from '@rolegate/protocol';
import type { AttestResponseRead, ClientTls, FeedUpdateRead, RolegateClient } from '@rolegate/protocol';
import { createCertificateRequest } from '../../../../packages/agent/src/identity/certificate-request.ts';
import type { NodeIdentity } from '../../cluster/orders.ts';
import type { AgentTry } from '../orders.ts';

/** As agents have them. Milliseconds. */
const CONNECT_WITHIN_MS = 3_000;
const ANSWER_WITHIN_MS = 5_000;

/** A first certificate, by the token alone. */
export function attest(order: AgentTry): Promise<NodeIdentity> {
  return certificateFrom(order.ports.attest, order, undefined);
}

/** A further one, at the port that demands one. */
export function renew(order: AgentTry): Promise<NodeIdentity> {
  return certificateFrom(order.ports.feed, order, order.identity);
}

/** Resolves when the snapshot of a new stream is whole; the stream is closed then. */
export async function openStream(order: AgentTry): Promise<undefined> {
  await withClient(order.ports.feed, order, async (client) => {
    const { call, synced } = openFeed(client, order);
    await synced;
    call.cancel();
  });
}

/** Resolves when a stream is open and its snapshot whole. Rejects if there is none. */
export async function holdStream(order: AgentTry): Promise<{ readonly ended: Promise<string> }> {
  const client = clientOf(order.ports.feed, order);
  await ready(client);
  const { call, synced } = openFeed(client, order);
  await synced;
  const ended = new Promise<string>((resolve) => {
    call.on('error', ({ message }: Error) => {
      resolve(message);
    });
    call.on('end', () => {
      resolve('ended');
    });
  });
  void ended.then(() => {
    client.close();
  });
  return { ended };
}

function openFeed(client: RolegateClient, { holder }: AgentTry) {
  const call = client.feed();
  const synced = new Promise<undefined>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error('no snapshot'));
    }, ANSWER_WITHIN_MS);
    const failed = (error: Error) => {
      clearTimeout(timer);
      reject(error);
    };
    call.on('error', failed);
    call.on('end', () => {
      failed(new Error('ended'));
    });
    call.on('data', (update: FeedUpdateRead) => {
      if (!update.synced) return;
      clearTimeout(timer);
      resolve(undefined);
    });
  });
  call.write({ nodeName: holder.node, version: '0.1.0', interception: {} });
  return { call, synced };
}

async function certificateFrom(
  port: number,
  order: AgentTry,
  shown: NodeIdentity | undefined,
): Promise<NodeIdentity> {
  const { node, address, token } = order.holder;
  const { key, der } = await request();
  const response = await withClient(port, { ...order, identity: shown }, (client) =>
    unary(client, { token, certificateRequest: der }),
  );
  const pem = key.export({ type: 'pkcs8', format: 'pem' }) as string;
  return { node, address, cert: response.certificateChain, key: pem, token };
}

let known: Promise<{ readonly key: KeyObject; readonly der: Buffer }> | undefined;

/** One key for all: making them is work that measures nothing. */
function request() {
  return (known ??= createCertificateRequest());
}

function unary(
  client: RolegateClient,
  ask: { readonly token: string; readonly certificateRequest: Buffer },
): Promise<AttestResponseRead> {
  return new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + ANSWER_WITHIN_MS };
    client.attest(ask, options, (error: Error | null, response) => {
      if (response === undefined) reject(error ?? new Error('no answer'));
      else resolve(response);
    });
  });
}

type Shown = Pick<AgentTry, 'ports' | 'holder'> & { readonly identity?: NodeIdentity | undefined };

/** On a connection of its own. */
async function withClient<Result>(
  port: number,
  shown: Shown,
  use: (client: RolegateClient) => Promise<Result>,
): Promise<Result> {
  const client = clientOf(port, shown);
  try {
    await ready(client);
    return await use(client);
  } finally {
    client.close();
  }
}

function clientOf(port: number, { ports, holder, identity }: Shown): RolegateClient {
  const ca = Buffer.from(ports.ca);
  const tls: ClientTls =
    identity === undefined
      ? { ca }
      : { ca, cert: Buffer.from(identity.cert), key: Buffer.from(identity.key) };
  return createRolegateClient({
    target: `${holder.address}:${port}`,
    credentials: createClientCredentials({ current: () => tls }),
    serverName: ports.serverName,
  });
}

function ready(client: RolegateClient): Promise<void> {
  return new Promise((resolve, reject) => {
    client.waitForReady(Date.now() + CONNECT_WITHIN_MS, (error) => {
      if (error === undefined) resolve();
      else reject(new Error('no connection'));
    });
  });
}
