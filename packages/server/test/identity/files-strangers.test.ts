import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestCa, eventually, writeTlsFiles } from '@rolegate/testing';
import type { IssueOptions, TestCa } from '@rolegate/testing';
import { PATIENCE, startAttestedServer } from './attested-server.ts';
import type { AttestedServer } from './attested-server.ts';
import { rawCall } from './raw-call.ts';

const HOUR_MS = 3_600_000;
const CALLS = [
  '/rolegate.v1.Rolegate/Feed',
  '/rolegate.v1.Rolegate/Resolve',
  '/rolegate.v1.Rolegate/Attest',
  '/grpc.health.v1.Health/Check',
  '/grpc.health.v1.Health/Watch',
];
const NODE_A: IssueOptions = { uris: ['spiffe://rolegate/node/node-a'], usages: ['client'] };
const EXPIRED: IssueOptions = {
  ...NODE_A,
  notBefore: new Date(Date.now() - 2 * HOUR_MS),
  notAfter: new Date(Date.now() - HOUR_MS),
};
const MEANT = 'it names "URI:spiffe:\\/\\/rolegate\\/node\\/node-a", is issued by "CN=';
const TIMES = 'and valid from 20\\S+Z to 20\\S+Z';

describe('Clients without a valid certificate', () => {
  let ca: TestCa;
  let stranger: TestCa;
  const folders: string[] = [];

  beforeAll(async () => {
    [ca, stranger] = [await createTestCa(), await createTestCa({ name: 'stranger' })];
  });
  afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

  async function start(): Promise<AttestedServer> {
    const folder = await mkdtemp(join(tmpdir(), 'rolegate-strangers-'));
    folders.push(folder);
    const own = await ca.issue({ dns: ['rolegate-server'], usages: ['server'] });
    const files = await writeTlsFiles(folder, { ca: ca.pem, ...own });
    const server = await startAttestedServer([
      '--cert',
      files.cert,
      '--key',
      files.key,
      '--ca',
      files.ca,
      '--namespace',
      'rolegate',
      // The weakest setting, in which only TLS keeps strangers out.
      '--agent-identity',
      'shared',
    ]);
    server.start();
    await server.ready();
    return server;
  }

  const call = ({ port }: AttestedServer, path: string, own: ConnectionOptions) =>
    rawCall({ port, ca: ca.pem, servername: 'rolegate-server', ...own }, path);

  it.each([
    {
      what: 'of another authority',
      own: () => stranger.issue(NODE_A),
      says: `^this server does not trust the authority of the client's certificate \\(UNABLE_TO\\w+\\); ${MEANT}stranger", ${TIMES}$`,
      helps: '^If the authority is yours, add it to',
    },
    {
      what: 'that has expired',
      own: () => ca.issue(EXPIRED),
      says: `^the client's certificate has expired, or this machine's clock is wrong \\(CERT_HAS_EXPIRED\\); ${MEANT}test authority", ${TIMES}$`,
      helps: "^Renew the client's --cert and --key, or correct the clock[.]$",
    },
    {
      what: 'of none',
      own: () => Promise.resolve({}),
      says: '^the client presented no certificate \\(ERR_SSL_PEER_DID_NOT_RETURN\\w+\\)$',
      helps: '^Set --cert and --key on the client[.]$',
    },
  ])(
    'A client without a valid certificate gets no answer, and the log says why and what to do: one $what',
    async ({ own, says, helps }) => {
      await using server = await start();
      const shown = await own();
      for (const path of CALLS) {
        expect({ path, ...(await call(server, path, shown)) }).toEqual({
          path,
          bytes: 0,
          answered: false,
          tickets: 0,
        });
      }
      const refused = () => server.lines.filter(({ message }) => message === 'TLS handshake refused');
      await eventually(() => {
        expect(refused()).toHaveLength(CALLS.length);
      }, PATIENCE);
      for (const { fields } of refused()) {
        expect(fields).toMatchObject({
          peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as unknown,
          error: expect.stringMatching(new RegExp(says)) as unknown,
          hint: expect.stringMatching(new RegExp(helps)) as unknown,
        });
      }
      const good = await ca.issue(NODE_A);
      for (const path of CALLS) {
        expect({ path, ...(await call(server, path, good)) }).toMatchObject({ path, answered: true });
      }
      expect(refused()).toHaveLength(CALLS.length);
    },
  );
});
