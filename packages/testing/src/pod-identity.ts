import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakePodIdentityOptions {
  /** The expected Authorization header. */
  readonly token: () => string;
  /** Lifetime of the credentials. Milliseconds. */
  readonly lifetimeMs?: number;
  /** Defaults to a free one. */
  readonly port?: number;
  /** Number in the first key. Defaults to 0. */
  readonly from?: number;
}

/** A fake EKS Pod Identity agent on loopback. */
export interface FakePodIdentity extends AsyncDisposable {
  /** For AWS_CONTAINER_CREDENTIALS_FULL_URI. */
  readonly url: string;
  readonly port: number;
  /** Issued access key IDs, in order. */
  readonly given: readonly string[];
  close(): Promise<void>;
}

const LIFETIME_MS = 6 * 3_600_000;

/** Starts the fake; close it when done. It answers as described in the EKS user guide, "How EKS Pod Identity works". */
export async function startPodIdentity(options: FakePodIdentityOptions): Promise<FakePodIdentity> {
  const { token, lifetimeMs = LIFETIME_MS, port: wantedPort = 0, from = 0 } = options;
  const given: string[] = [];
  const server = createServer((request, response) => {
    request.resume();
    if (request.url !== '/v1/credentials') response.writeHead(404).end();
    else if (request.headers.authorization !== token()) response.writeHead(401).end('invalid token');
    else {
      const accessKeyId = `ASIAPODIDENTITY${String(from + given.length).padStart(5, '0')}`;
      given.push(accessKeyId);
      response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          AccessKeyId: accessKeyId,
          SecretAccessKey: randomBytes(30).toString('base64'),
          Token: randomBytes(300).toString('base64'),
          AccountId: '123456789012',
          Expiration: new Date(Date.now() + lifetimeMs).toISOString(),
        }),
      );
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(wantedPort, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  async function close(): Promise<void> {
    const closed = new Promise((resolve) => {
      server.close(resolve);
    });
    server.closeAllConnections();
    await closed;
  }
  return {
    url: `http://127.0.0.1:${port}/v1/credentials`,
    port,
    given,
    close,
    [Symbol.asyncDispose]: close,
  };
}
