import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createFakeClock } from '@rolegate/testing';
import { createServerAddresses } from '../../src/feed/server-addresses.ts';
import type { FeedConnection } from '../../src/feed/server-connections.ts';
import { createAttestedIdentity } from '../../src/identity/attested-identity.ts';
import { createTestLog } from '../addresses/known-pods.ts';
import { createFolder } from '../reconcile/setup.ts';
import { NODE, SERVER_NAME, startAttestingServer, TOKEN } from './attesting-server.ts';
import type { AttestingServerOptions } from './attesting-server.ts';

export interface Given {
  /** Feed ports of the servers on loopback. */
  readonly ports: readonly number[];
  /** Attestation ports; undefined: the same. */
  readonly attestPorts?: readonly number[];
  /** Content of the file; undefined: no file. */
  readonly ca: string | undefined;
  readonly token?: string;
  /** How long a connection may take. Real milliseconds. */
  readonly connectWithinMs?: number;
  /** By default no feed is open. */
  readonly feedConnection?: () => FeedConnection | undefined;
}

/** Servers and agents' identities, all closed at the end of the test. */
export function createIdentities(closing: (() => unknown)[]) {
  async function startServer(options: AttestingServerOptions = {}) {
    const server = await startAttestingServer(options);
    closing.push(server.close);
    return server;
  }

  async function setup({
    ports,
    attestPorts = ports,
    ca,
    token = TOKEN,
    connectWithinMs,
    feedConnection = () => undefined,
  }: Given) {
    const { folder, ...place } = await createFolder();
    closing.push(() => place[Symbol.asyncDispose]());
    const [caFile, tokenFile] = [join(folder, 'ca.crt'), join(folder, 'token')];
    if (ca !== undefined) await writeFile(caFile, ca);
    await writeFile(tokenFile, token);
    const clock = createFakeClock({ nowMs: Date.now() });
    const log = createTestLog();
    const outcomes: string[] = [];
    const stop = new AbortController();
    const identity = createAttestedIdentity(
      {
        tls: { kind: 'attested', caFile, tokenFile },
        ports: { attestation: loopback(attestPorts), feed: loopback(ports) },
        feedConnection,
        attested: (outcome) => outcomes.push(outcome),
        nodeName: NODE,
        serverName: SERVER_NAME,
        ...(connectWithinMs !== undefined && { connectWithinMs }),
        clock,
        log,
        random: () => 0.5,
      },
      stop.signal,
    );
    const running = Promise.all(identity.services.map((service) => service.run(stop.signal)));
    const end = async () => {
      stop.abort();
      await running;
    };
    closing.push(end);
    /** Waits in real time for loopback, and advances the clock by a second per check. */
    const until = async (isSo: () => boolean, stepMs = 1_000) => {
      for (let left = 1_000; left > 0 && !isSo(); left -= 1) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        await clock.advance(stepMs);
      }
      if (!isSo()) throw new Error(`in vain: ${String(isSo)}; ${JSON.stringify(log.lines)}`);
    };
    return {
      identity,
      clock,
      log,
      outcomes,
      until,
      end,
      caFile,
      tokenFile,
      has: (outcome: string) => until(() => outcomes.at(-1) === outcome),
      fingerprint: () => new X509Certificate(identity.tls.current().cert ?? '').fingerprint256,
      errors: () => log.lines.flatMap(([, , fields]) => ('error' in fields ? [String(fields.error)] : [])),
    };
  }

  return { startServer, setup };
}

function loopback(ports: readonly number[]) {
  const servers = ports.map((port) => ({ host: '127.0.0.1', port }));
  const addresses = createServerAddresses({
    servers,
    lookup: () => Promise.resolve([]),
    random: () => 0.5,
  });
  return { servers, addresses };
}
