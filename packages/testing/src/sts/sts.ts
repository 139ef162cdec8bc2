import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAccount } from './account.ts';
import type { AssumeRoleCall } from './assume-role.ts';
import { createGate } from './faults.ts';
import type { StsFaultName } from './faults.ts';
import { readQuery } from './query.ts';
import type { WebIdentityCall } from './web-identity.ts';

export type { AssumeRoleCall } from './assume-role.ts';
export type { WebIdentityCall } from './web-identity.ts';
export { stsFaults } from './faults.ts';
export type { StsFaultName } from './faults.ts';

export interface FakeStsOptions {
  /** For expirations and the Date header. */
  readonly clock?: { now(): number };
  /** Before each answer, in real time. Milliseconds. */
  readonly latencyMs?: number;
  /** An IPv4 address of this machine. Defaults to 127.0.0.1. */
  readonly host?: string;
  readonly port?: number;
  /** Account of the server's own identity, which is every key that the fake has not issued. */
  readonly account?: string;
  /** AssumeRole's sessions live no longer, whatever is requested, so that a short suite sees many renewals. Seconds. */
  readonly longestSeconds?: number;
}

/** A fake STS on loopback that behaves like the Query API. */
export interface FakeSts extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** All AssumeRole calls, including refused ones. */
  readonly calls: readonly AssumeRoleCall[];
  /** All AssumeRoleWithWebIdentity calls, including refused ones. */
  readonly webIdentityCalls: readonly WebIdentityCall[];
  /** Connections opened so far. */
  readonly connections: number;
  /** Most calls in flight at one time. */
  readonly mostInFlight: number;
  /** Delays each answer by this much. Milliseconds. */
  latency(ms: number): void;
  /** AssumeRole for the role ARN, or for 'all', fails forever or this many times. */
  fail(target: string, name: StsFaultName, times?: number): void;
  mend(target: string): void;
  /** Accepts calls without answering them until `resume`. */
  hang(): void;
  /** Answers hanging calls and continues. */
  resume(): void;
  throttleAbove(ratePerSecond: number): void;
  /** Sets `longestSeconds` for the sessions that follow. */
  limitLifetime(seconds: number): void;
  /** Sets the role's MaxSessionDuration. */
  maxSessionDuration(roleArn: string, seconds: number): void;
  /** The role's trust policy requires this external ID. */
  requireExternalId(roleArn: string, externalId: string): void;
  /** The role's trust policy names only this role. */
  trustOnly(roleArn: string, trustedRoleArn: string): void;
  /** Web identity tokens other than this one have an unknown issuer. */
  acceptWebIdentity(token: string | undefined): void;
  /** Expires what was issued for the role so far. */
  expireKeysOf(roleArn: string): void;
  /** Expires one key that the fake has not issued. */
  expireKey(accessKeyId: string): void;
  /** Expires every key that the fake has not issued, until `renewServerCredentials`. */
  expireServerCredentials(): void;
  renewServerCredentials(): void;
  close(): Promise<void>;
}

/** Forms are small: the session policy has at most 2,048 characters. Bytes. */
const MAX_BODY = 256 * 1024;

/** Starts the fake. Close it when done. */
export async function startSts({
  clock = { now: () => Date.now() },
  latencyMs = 0,
  host = '127.0.0.1',
  port = 0,
  account = '123456789012',
  longestSeconds = Infinity,
}: FakeStsOptions = {}): Promise<FakeSts> {
  const { answer, calls, webIdentityCalls, controls } = createAccount({
    clock,
    account,
    longestSeconds,
  });
  const gate = createGate(latencyMs);

  const server = createServer((request, response) => {
    gate.enter(response);
    handle(request, response, { answer, gate, clock }).catch(() => request.socket.destroy());
  });
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  const bound = await listen(server, host, port);

  async function close(): Promise<void> {
    gate.controls.resume();
    await closeServer(server);
  }

  return {
    ...controls,
    ...gate.controls,
    url: `http://${host}:${bound}`,
    port: bound,
    calls,
    webIdentityCalls,
    get connections() {
      return connections;
    },
    get mostInFlight() {
      return gate.mostInFlight();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Service {
  readonly answer: ReturnType<typeof createAccount>['answer'];
  readonly gate: Pick<ReturnType<typeof createGate>, 'pass'>;
  readonly clock: { now(): number };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  { answer, gate, clock }: Service,
): Promise<void> {
  const body = await readBody(request);
  const reply =
    request.method === 'POST'
      ? answer(readQuery(body, request.headers))
      : { status: 405, requestId: '', body: '' };
  await gate.pass();
  if (reply === 'Reset') {
    request.socket.destroy();
    return;
  }
  response.writeHead(reply.status, {
    'content-type': 'text/xml',
    'x-amzn-requestid': reply.requestId,
    date: new Date(clock.now()).toUTCString(),
  });
  response.end(reply.body);
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  server.closeAllConnections();
  await closed;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BODY) throw new Error('the form is too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}
