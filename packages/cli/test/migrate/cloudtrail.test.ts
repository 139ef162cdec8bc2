import { gzipSync } from 'node:zlib';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readNodeRoleUse } from '../../src/migrate/cloudtrail/node-role-use.ts';
import { openExport } from '../../src/migrate/cloudtrail/open-export.ts';

const INSTANCE = 'i-0123456789abcdef0';

function event(over: object = {}, instance = INSTANCE) {
  return {
    eventVersion: '1.08',
    userIdentity: {
      type: 'AssumedRole',
      principalId: `AROAEXAMPLE:${instance}`,
      sessionContext: { sessionIssuer: { arn: 'arn:aws:iam::123456789012:role/nodes' } },
    },
    eventTime: '2026-11-29T10:00:00Z',
    eventSource: 's3.amazonaws.com',
    eventName: 'ListBuckets',
    sourceIPAddress: '10.0.0.9',
    userAgent: '[Boto3/1.26.0 Python/3.9.2 Linux/5.10 Botocore/1.29.0]',
    ...over,
  };
}

async function use(text: string | Buffer, chunk = 7) {
  return readNodeRoleUse(chunks(Buffer.from(text), chunk), {
    podAt: (ip) => (ip === '10.1.2.3' ? 'shop/cart-0' : undefined),
    nodeOf: (instance) => (instance === INSTANCE ? 'node-a' : undefined),
    progress: () => undefined,
  });
}

async function* chunks(whole: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < whole.length; at += size) yield await Promise.resolve(whole.subarray(at, at + size));
}

const other = { ...event(), userIdentity: { type: 'IAMUser', principalId: 'AIDAEXAMPLE' } };
const events = [other, event(), event({ sourceIPAddress: '10.1.2.3', note: 'a "brace" } and \\' }), other];

it.each([
  ['as S3 has it', JSON.stringify({ Records: events })],
  ['with white space', JSON.stringify({ Records: events }, null, 2)],
  ['one file after another', events.map((each) => JSON.stringify({ Records: [each] })).join('\n')],
  ['one record a line', events.map((each) => JSON.stringify(each)).join('\n')],
  ['as a list', JSON.stringify(events)],
  [
    'as lookup-events has it',
    JSON.stringify({
      Events: events.map((each) => ({ CloudTrailEvent: JSON.stringify(each) })),
      NextToken: 'a}b',
    }),
  ],
])(
  'Calls with the role of a node are found in an export %s, however it is cut into chunks',
  async (_, text) => {
    for (const size of [1, 7, 64, 100_000]) {
      expect(await use(text, size)).toMatchObject({
        events: 4,
        nodeEvents: 2,
        unread: 0,
        pods: [{ pod: 'shop/cart-0', calls: 1, actions: ['s3:ListBuckets'] }],
        software: [{ software: 'Boto3 Python', calls: 1, nodes: ['node-a'], usual: false }],
      });
    }
  },
);

it('Calls that every node makes by itself are marked as usual', async () => {
  const usual = event({ eventSource: 'ecr.amazonaws.com', eventName: 'GetAuthorizationToken' });
  expect(await use(JSON.stringify([usual]))).toMatchObject({ software: [{ usual: true }] });
});

it('A record that is longer than CloudTrail makes them is left out and counted', async () => {
  const long = event({ filler: 'x'.repeat(1_100_000) });
  expect(await use(JSON.stringify([event(), long, event()]), 65_536)).toMatchObject({
    events: 3,
    nodeEvents: 2,
    unread: 1,
  });
});

it.each([
  ['', 'is empty'],
  ['PK\u0003\u0004 a zip', 'is not a JSON list of events: it has "PK\\u0003\\u0004 a zip" at byte 0'],
  ['<html>', 'is not a JSON list of events: it has "<html>" at byte 0'],
  ['eventTime,eventName\n', 'is not a JSON list of events: it has "eventTime,eventName\\n" at byte 0'],
  ['{"apiVersion":"v1","kind":"List"}', 'has no CloudTrail events: its first record has no eventSource'],
  [
    JSON.stringify({ Records: events }).slice(0, 700),
    'ends in the middle of a record; it was not copied completely',
  ],
])('The file %j is refused: it %s', async (text, says) => {
  await expect(use(text, 100_000)).rejects.toMatchObject({ name: 'NotCloudTrail', message: says });
});

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloudtrail-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function written(name: string, bytes: Buffer): Promise<string> {
  await writeFile(join(folder, name), bytes);
  return join(folder, name);
}

async function contents(path: string): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of openExport(path)) parts.push(part);
  return Buffer.concat(parts).toString();
}

it('An export is decompressed whatever its name is', async () => {
  const text = JSON.stringify(events);
  const several = Buffer.concat([gzipSync(text), gzipSync(text)]);
  expect(await contents(await written('plain.gz', Buffer.from(text)))).toBe(text);
  expect(await contents(await written('packed.json', several))).toBe(text + text);
});

it('A damaged gzip file is refused', async () => {
  const packed = gzipSync(JSON.stringify(events));
  const path = await written('cut.gz', packed.subarray(0, packed.length - 20));
  await expect(contents(path)).rejects.toMatchObject({ name: 'NotCloudTrail' });
});
