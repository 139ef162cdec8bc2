import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rolegateService } from '@rolegate/protocol';
import type { FeedUpdateRead } from '@rolegate/protocol';
import { silentLog } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { applyUpdate } from '../../src/feed/apply-update.ts';
import { createPodTable } from '../../src/feed/table/pod-table.ts';
import { credentialsDocument } from '../../src/imds-documents/credentials-document.ts';

/** Streams of servers of each version, recorded by packages/sandbox/test/record-streams.ts. */
const FOLDER = join(import.meta.dirname, 'recorded');

interface Recorded {
  readonly version: string;
  /** Base64 of each message. */
  readonly updates: readonly string[];
  /** How an agent of that version understood them. */
  readonly pods: readonly {
    readonly uid: string;
    readonly kind: string;
    readonly reason: string;
    readonly credentials: boolean;
  }[];
}

const recorded = readdirSync(FOLDER).map(
  (file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Recorded,
);

/** Field 1000 as a number, field 1001 as bytes: used by no version. */
const UNKNOWN = Buffer.from([0xc0, 0x3e, 0x07, 0xca, 0x3e, 0x03, 0x6e, 0x65, 0x77]);

function replay(updates: readonly Buffer[]) {
  const clock = createFakeClock();
  const table = createPodTable({ clock, log: silentLog });
  const keys: string[] = [];
  const deps = {
    table,
    clock,
    buildDocument: credentialsDocument,
    setTokenKeys: (live: readonly { id: string }[]) => void keys.splice(0, 2, ...live.map(({ id }) => id)),
  };
  for (const bytes of updates) {
    const update: FeedUpdateRead = rolegateService.Feed.responseDeserialize(bytes);
    if (update.hello) table.beginSnapshot();
    applyUpdate(update, deps);
  }
  const pods = table.pods().map(({ uid, decision }) => ({
    uid,
    kind: decision.kind,
    reason: decision.kind === 'deny' ? decision.reason : '',
    credentials: decision.kind === 'allow' && table.session(decision.sessionId)?.credentials !== undefined,
  }));
  return { pods: sorted(pods), synced: table.synced, keys };
}

const sorted = <Pod extends { uid: string }>(pods: readonly Pod[]): Pod[] =>
  [...pods].sort((a, b) => (a.uid < b.uid ? -1 : 1));

const bytesOf = ({ updates }: Recorded): Buffer[] => updates.map((text) => Buffer.from(text, 'base64'));

/** The update with the unknown fields in its message, and again after it. */
function withUnknown(update: Buffer): Buffer {
  const { start, tag } = payloadOf(update);
  const inner = Buffer.concat([update.subarray(start), UNKNOWN]);
  return Buffer.concat([tag, varint(inner.length), inner, UNKNOWN]);
}

/** A tag of one byte, a length, a message: each update is one field. */
function payloadOf(update: Buffer): { tag: Buffer; start: number } {
  let start = 1;
  while (((update[start] ?? 0) & 0x80) !== 0) start += 1;
  return { tag: update.subarray(0, 1), start: start + 1 };
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** The recorded updates without what an earlier server does not send. */
function without(one: Recorded, cut: (update: FeedUpdateRead) => void): Buffer[] {
  return bytesOf(one).map((bytes) => {
    const update = rolegateService.Feed.responseDeserialize(bytes);
    cut(update);
    return rolegateService.Feed.responseSerialize(update);
  });
}

const optional: readonly (readonly [
  what: string,
  of: (update: FeedUpdateRead) => object | null | undefined,
  fields: readonly string[],
])[] = [
  ['the access to other metadata', ({ pod }) => pod, ['metadata']],
  ['a Pod as its runtime knows it', ({ pod }) => pod, ['runtimeUid']],
  ['the addresses of a Pod', ({ pod }) => pod, ['ips', 'hostNetwork', 'terminating', 'ended']],
  ['the versions of a decision', ({ pod }) => pod, ['resourceVersions']],
  ['the reason of a failure', ({ session }) => session?.failure, ['message']],
  ['the account of credentials', ({ session }) => session?.credentials, ['accountId']],
  ['the time of a hello', ({ hello }) => hello, ['serverTimeMs', 'streamEndsInMs', 'serverName']],
  ['how far the Pods have come', ({ synced }) => synced, ['podsResourceVersion']],
];

describe.each(recorded)('Feed of server version $version', (one) => {
  it('A recorded feed is understood', () => {
    expect(replay(bytesOf(one))).toMatchObject({ pods: sorted(one.pods), synced: true });
    expect(replay(bytesOf(one)).keys).toHaveLength(2);
  });

  it('A recorded feed is understood with unknown fields in it', () => {
    expect(replay(bytesOf(one).map(withUnknown))).toEqual(replay(bytesOf(one)));
  });

  it('A recorded feed is understood with unknown updates in it', () => {
    const all = bytesOf(one).flatMap((bytes) => [bytes, UNKNOWN]);
    expect(replay(all)).toEqual(replay(bytesOf(one)));
  });

  it.each(optional)('A recorded feed is understood without %s', (_, of, fields) => {
    const cut = without(one, (update) => {
      const message = of(update);
      for (const field of fields) Reflect.deleteProperty(message ?? {}, field);
    });
    const { pods, synced } = replay(cut);
    expect({ pods, synced }).toEqual({ pods: sorted(one.pods), synced: true });
  });
});
