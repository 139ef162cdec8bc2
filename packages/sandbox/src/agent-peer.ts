import { createClientCredentials, createRolegateClient } from '@rolegate/protocol';
import type { AgentReport, ClientTls, FeedUpdateRead, ResolveResponseRead } from '@rolegate/protocol';
import { SERVER_NAME } from './identity-flags.ts';
import { makeCertificateRequest } from './certificate-request.ts';

/** Calls that are not answered within this time fail. Milliseconds. */
const WITHIN_MS = 10_000;

/** Presented to a server instead of an agent's certificate. */
export type ShownTls = ClientTls;

export interface AgentPeer {
  /** Requests a certificate for the token. Rejects with the server's error. */
  attest(token: string, claims?: { readonly uris?: readonly string[] }): Promise<ShownTls>;
  /** Opens a feed until it is synced, or returns the error it ended with. `shown` undefined presents no certificate. */
  feed(report: AgentReport, shown: ShownTls | undefined): Promise<FeedUpdateRead[]>;
  /** Opens a feed that stays open. `ended` resolves with what it ended with. */
  openFeed(report: AgentReport, shown: ShownTls): Promise<OpenFeed>;
  resolve(ip: string, shown: ShownTls): Promise<ResolveResponseRead>;
}

export interface OpenFeed {
  /** All updates so far. */
  readonly updates: readonly FeedUpdateRead[];
  readonly ended: Promise<string>;
  report(report: AgentReport): void;
  close(): void;
}

export interface AgentPeerDeps {
  readonly port: number;
  readonly attestPort: number;
  /** The CA bundle, PEM. */
  readonly ca: () => string;
}

/** Talks to one server like an honest or hostile agent. */
export function createAgentPeer({ port, attestPort, ca }: AgentPeerDeps): AgentPeer {
  const clientOf = (shown: ShownTls | undefined, toPort = port) => {
    const tls = shown ?? { ca: Buffer.from(ca()) };
    return createRolegateClient({
      target: `127.0.0.1:${toPort}`,
      credentials: createClientCredentials({ current: () => tls }),
      serverName: SERVER_NAME,
    });
  };

  async function openFeed(report: AgentReport, shown: ShownTls | undefined): Promise<OpenFeed> {
    const client = clientOf(shown);
    const call = client.feed();
    const updates: FeedUpdateRead[] = [];
    const ended = new Promise<string>((resolve) => {
      call.on('error', (error) => {
        resolve(error.message);
      });
      call.on('end', () => {
        resolve('');
      });
    });
    void ended.then(() => {
      client.close();
    });
    const synced = new Promise<undefined>((resolve) => {
      call.on('data', (update: FeedUpdateRead) => {
        updates.push(update);
        if (update.update === 'synced') resolve(undefined);
      });
    });
    call.write(report);
    const fault = await Promise.race([synced, ended, late('the feed was not synced')]);
    if (fault !== undefined) throw new Error(fault);
    return {
      updates,
      ended,
      report(next) {
        call.write(next);
      },
      close() {
        call.cancel();
      },
    };
  }

  return {
    attest(token, claims = {}) {
      const { key, der } = makeCertificateRequest(claims);
      const client = clientOf(undefined, attestPort);
      return new Promise<ShownTls>((resolve, reject) => {
        const options = { deadline: Date.now() + WITHIN_MS };
        client.attest({ token, certificateRequest: der }, options, (error, answer) => {
          client.close();
          if (answer === undefined) reject(error ?? new Error('no answer'));
          else
            resolve({
              cert: Buffer.from(answer.certificateChain),
              key: Buffer.from(key),
              ca: Buffer.from(answer.authorities),
            });
        });
      });
    },
    openFeed,
    async feed(report, shown) {
      const feed = await openFeed(report, shown);
      feed.close();
      return [...feed.updates];
    },
    resolve(ip, shown) {
      const client = clientOf(shown);
      return new Promise((resolve, reject) => {
        client.resolve({ ip }, { deadline: Date.now() + WITHIN_MS }, (error, answer) => {
          client.close();
          if (answer === undefined) reject(error ?? new Error('no answer'));
          else resolve(answer);
        });
      });
    },
  };
}

function late(what: string): Promise<string> {
  return new Promise((resolve) => {
    setTimeout(resolve, WITHIN_MS, `${what} within ${WITHIN_MS / 1000} s`).unref();
  });
}
