import { describe, expect, it } from 'vitest';
import { imdsTree } from '@rolegate/testing';
import { metadataGroups } from '@rolegate/protocol';
import { parseAllowPaths } from '../../src/node-imds/allow-path.ts';
import { createOtherMetadata } from '../../src/node-imds/other-metadata.ts';
import { memoryImds } from '../node-imds/memory-imds.ts';
import { podOf, POD_IP, ROLE_ARN, serve, sessionOf, until } from './served.ts';
import type { Served } from './served.ts';

const all = new Set(metadataGroups);

/** A Pod with a role on a node that opens every group, in front of a node's metadata. */
async function setup(pod: Parameters<typeof podOf>[0] = {}): Promise<Served> {
  const parsed = parseAllowPaths([]);
  if ('faults' in parsed) throw new Error(parsed.faults.join('; '));
  const other = createOtherMetadata({
    imds: memoryImds(imdsTree),
    groups: all,
    allowPath: parsed.allowPath,
    architecture: 'x86_64',
  });
  const served = await serve({ groups: all }, { other });
  served.callers.set(POD_IP, { kind: 'pod', pod: podOf(pod) });
  served.sessions.set('s-1', sessionOf('s-1', 'mine'));
  return served;
}

interface Sent {
  /** The request as the client sends it: lines without line ends. */
  readonly lines: readonly string[];
  readonly body: string | RegExp;
}

interface Client {
  readonly client: string;
  /** The agent's token stands for TOKEN. */
  readonly requests: readonly Sent[];
}

/** Recorded from the clients, except for the Host that they were pointed to. */
const clients: readonly Client[] = [
  {
    client: 'minio-js 8.0.7 (IamAwsProvider): a slash too many, and an encoded one in the role',
    requests: [
      {
        lines: [
          'GET /latest/meta-data/iam/security-credentials/ HTTP/1.1',
          'X-aws-ec2-metadata-token: TOKEN',
          'Host: 169.254.169.254',
          'Connection: keep-alive',
        ],
        body: 'app/reader',
      },
      {
        lines: [
          'GET /latest/meta-data/iam/security-credentials//app%2Freader HTTP/1.1',
          'X-aws-ec2-metadata-token: TOKEN',
          'Host: 169.254.169.254',
          'Connection: keep-alive',
        ],
        body: /"SecretAccessKey":"mine"/,
      },
    ],
  },
  {
    client: 'boto 2.49.0 (get_instance_identity): slashes on both sides of the name',
    requests: [
      {
        lines: [
          'GET /latest/dynamic/instance-identity/ HTTP/1.1',
          'Accept-Encoding: identity',
          'Host: 169.254.169.254',
          'User-Agent: Python-urllib/3.11',
          'Connection: close',
        ],
        body: 'document',
      },
      {
        lines: [
          'GET /latest/dynamic/instance-identity//document/ HTTP/1.1',
          'Accept-Encoding: identity',
          'Host: 169.254.169.254',
          'User-Agent: Python-urllib/3.11',
          'Connection: close',
        ],
        body: /"region" : "eu-central-1"/,
      },
    ],
  },
  {
    client: 'amazon-ec2-utils 2.0.1 (ec2-metadata --reservation-id): a slash too many after the version',
    requests: [
      {
        lines: [
          'GET /latest//meta-data/reservation-id HTTP/1.1',
          'Host: 169.254.169.254',
          'User-Agent: curl/7.88.1',
          'Accept: */*',
          'X-aws-ec2-metadata-token: TOKEN',
        ],
        body: 'r-0efadfdf5a8a3b6a9',
      },
    ],
  },
];

/** The answer on a new connection, as soon as the body is complete. */
async function send(served: Served, lines: readonly string[]): Promise<{ status: number; body: string }> {
  const token = served.tokens.mint({ ip: POD_IP, uid: 'uid-1', ttlSeconds: 60 });
  const bytes = [...lines, '', ''].join('\r\n').replace('TOKEN', token);
  const { socket, received } = await served.dial();
  socket.write(bytes);
  const answered = () =>
    /^HTTP\/1\.1 (\d{3})[^]*?\r\ncontent-length: (\d+)\r\n[^]*?\r\n\r\n([^]*)$/i.exec(received());
  await until(() => answered()?.[3]?.length === Number(answered()?.[2]));
  socket.destroy();
  const [, status = '', , body = ''] = answered() ?? [];
  return { status: Number(status), body };
}

describe('Real clients', () => {
  it.each(clients)('The requests recorded from a real client are answered: $client', async ({ requests }) => {
    await using served = await setup();
    for (const { lines, body } of requests) {
      const answer = await send(served, lines);
      expect(answer).toEqual({
        status: 200,
        body: typeof body === 'string' ? body : (expect.stringMatching(body) as unknown),
      });
    }
  });
});

describe('Identity document readers', () => {
  it.each([
    { reader: 'the Go and Java SDKs, .NET, Cluster Autoscaler: the region', names: ['region'] },
    {
      reader: 'what builds a host’s place: zone and architecture',
      names: ['availabilityZone', 'architecture'],
    },
    { reader: 'what looks at the format first', names: ['version'] },
    { reader: 'what asks whose account it works in', names: ['accountId'] },
  ])('Readers find what they look for in the reduced identity document: $reader', async ({ names }) => {
    await using served = await setup({ metadata: { denied: false, only: new Set() } });
    const { body } = await served.ask('/latest/dynamic/instance-identity/document');
    const document = JSON.parse(body) as Record<string, string>;
    for (const name of names) expect(document[name]).toMatch(/./);
    expect(document['accountId']).toBe(ROLE_ARN.split(':')[4]);
    expect(body).not.toContain('i-1234567890abcdef0');
  });
});

describe('Tree walk', () => {
  /** Ansible gives up at 401 and 403, and retries anything but 200 and 404 once before giving up. */
  async function walk(served: Served, directory: string): Promise<string[]> {
    const { status, body } = await served.ask(directory);
    if (status !== 200) return [directory];
    const found = [directory];
    for (const line of body.split('\n'))
      if (line.endsWith('/')) found.push(...(await walk(served, directory + line)));
      else found.push(directory + line);
    return found;
  }

  it.each<{ what: string; pod: Parameters<typeof podOf>[0] }>([
    { what: 'a role', pod: {} },
    { what: 'no role', pod: { decision: { kind: 'deny', reason: 'NoRole', message: '' } } },
    {
      what: 'a role that is not permitted',
      pod: { decision: { kind: 'deny', reason: 'NamespaceDenied', message: '', roleName: 'app/reader' } },
    },
    { what: 'a list of groups', pod: { metadata: { denied: false, only: new Set(['tags']) } } },
  ])(
    'A client that walks the whole tree, as Ansible does, meets only 200 and 404, for a Pod with $what',
    async ({ pod }) => {
      await using served = await setup(pod);
      const found = [
        ...(await walk(served, '/latest/meta-data/')),
        ...(await walk(served, '/latest/dynamic/')),
        '/latest/user-data/',
        '/latest/meta-data/public-keys/0/openssh-key',
        '/latest/meta-data/tags/instance',
      ];
      expect(found.length).toBeGreaterThan(10);
      for (const path of found) {
        const { status } = await served.ask(path);
        expect({ path, refused: ![200, 404].includes(status) }).toEqual({ path, refused: false });
      }
    },
  );
});
