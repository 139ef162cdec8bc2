import type { KeyObject } from 'node:crypto';
import type { AttestResponseRead, FeedUpdateRead, RolegateClient } from '@rolegate/protocol';
import { createCertificateRequest } from '../../../../packages/agent/src/identity/certificate-request.ts';
import { createFeedClient } from '../../../stand-ins/feed-client.ts';
import type { NodeIdentity } from '../../cluster/calls.ts';
import type { AgentAttempt } from '../calls.ts';

/** The agent's timeouts. Milliseconds. */
const CONNECT_WITHIN_MS = 3_000;
const ANSWER_WITHIN_MS = 5_000;

/** Gets a first certificate with only the token. */
export function attest(attempt: AgentAttempt): Promise<NodeIdentity> {
  return certificateFrom(attempt.ports.attest, attempt, undefined);
}

/** Gets a new certificate at the feed port, which requires one. */
export function renew(attempt: AgentAttempt): Promise<NodeIdentity> {
  return certificateFrom(attempt.ports.feed, attempt, attempt.identity);
}

/** Opens a stream, waits for the snapshot, and closes it. */
export async function openStream(attempt: AgentAttempt): Promise<undefined> {
  await withClient(attempt.ports.feed, attempt, async (client) => {
    const { call, synced } = openFeed(client, attempt);
    await synced;
    call.cancel();
  });
}

/** Opens a stream and waits for the snapshot. Rejects if there is none. */
export async function holdStream(attempt: AgentAttempt): Promise<{ readonly ended: Promise<string> }> {
  const client = clientOf(attempt.ports.feed, attempt);
  await ready(client);
  const { call, synced } = openFeed(client, attempt);
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

function openFeed(client: RolegateClient, { agentToken }: AgentAttempt) {
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
  call.write({ nodeName: agentToken.node, version: '0.1.0', interception: {} });
  return { call, synced };
}

async function certificateFrom(
  port: number,
  attempt: AgentAttempt,
  shown: NodeIdentity | undefined,
): Promise<NodeIdentity> {
  const { node, address, token } = attempt.agentToken;
  const { key, der } = await request();
  const response = await withClient(port, { ...attempt, identity: shown }, (client) =>
    unary(client, { token, certificateRequest: der }),
  );
  const pem = key.export({ type: 'pkcs8', format: 'pem' }) as string;
  return { node, address, cert: response.certificateChain, key: pem, token };
}

let known: Promise<{ readonly key: KeyObject; readonly der: Buffer }> | undefined;

/** All agents share a key, because generating keys takes CPU time. */
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

type Shown = Pick<AgentAttempt, 'ports' | 'agentToken'> & { readonly identity?: NodeIdentity | undefined };

/** Uses a new connection. */
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

function clientOf(port: number, { ports, agentToken, identity }: Shown): RolegateClient {
  return createFeedClient({ ...ports, address: agentToken.address, port, identity });
}

function ready(client: RolegateClient): Promise<void> {
  return new Promise((resolve, reject) => {
    client.waitForReady(Date.now() + CONNECT_WITHIN_MS, (error) => {
      if (error === undefined) resolve();
      else reject(new Error('no connection'));
    });
  });
}
