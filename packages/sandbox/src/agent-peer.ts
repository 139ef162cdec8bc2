import { createClientCredentials, createRolegateClient } from '@rolegate/protocol';
import type {
  AgentReport,
  ClientTls,
  FeedUpdateRead,
  ResolveResponseRead,
  ReviewTokenResponseRead,
  RolegateClient,
} from '@rolegate/protocol';
import { SERVER_NAME } from './identity-flags.ts';
import { makeCertificateRequest } from './certificate-request.ts';

/** Calls that are not answered within this time fail. Milliseconds. */
const WITHIN_MS = 10_000;

/** Presented to a server instead of an agent's certificate. */
export type PresentedTls = ClientTls;

export interface AgentPeer {
  /** Requests a certificate for the token. Rejects with the server's error. */
  attest(token: string, claims?: { readonly uris?: readonly string[] }): Promise<PresentedTls>;
  /** Opens a feed until it is synced, or returns the error it ended with. `presented` undefined presents no certificate. */
  feed(report: AgentReport, presented: PresentedTls | undefined): Promise<FeedUpdateRead[]>;
  /** Opens a feed that stays open. `ended` resolves with what it ended with. */
  openFeed(report: AgentReport, presented: PresentedTls): Promise<OpenFeed>;
  resolve(ip: string, presented: PresentedTls): Promise<ResolveResponseRead>;
  reviewToken(token: string, presented: PresentedTls): Promise<ReviewTokenResponseRead>;
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
  const clientOf = (presented: PresentedTls | undefined, toPort = port) => {
    const tls = presented ?? { ca: Buffer.from(ca()) };
    return createRolegateClient({
      target: `127.0.0.1:${toPort}`,
      credentials: createClientCredentials({ current: () => tls }),
      serverName: SERVER_NAME,
    });
  };

  async function openFeed(report: AgentReport, presented: PresentedTls | undefined): Promise<OpenFeed> {
    const client = clientOf(presented);
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

  function unary<Answer>(
    presented: PresentedTls,
    call: (
      client: RolegateClient,
      options: { readonly deadline: number },
      done: (error: Error | null, answer?: Answer) => void,
    ) => unknown,
  ): Promise<Answer> {
    const client = clientOf(presented);
    return new Promise((resolve, reject) => {
      call(client, { deadline: Date.now() + WITHIN_MS }, (error, answer) => {
        client.close();
        if (answer === undefined) reject(error ?? new Error('no answer'));
        else resolve(answer);
      });
    });
  }

  return {
    attest(token, claims = {}) {
      const { key, der } = makeCertificateRequest(claims);
      const client = clientOf(undefined, attestPort);
      return new Promise<PresentedTls>((resolve, reject) => {
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
    async feed(report, presented) {
      const feed = await openFeed(report, presented);
      feed.close();
      return [...feed.updates];
    },
    resolve: (ip, presented) => unary(presented, (client, ...rest) => client.resolve({ ip }, ...rest)),
    reviewToken: (token, presented) =>
      unary(presented, (client, ...rest) => client.reviewToken({ token }, ...rest)),
  };
}

function late(what: string): Promise<string> {
  return new Promise((resolve) => {
    setTimeout(resolve, WITHIN_MS, `${what} within ${WITHIN_MS / 1000} s`).unref();
  });
}
