import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { createMemory } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import type { Caller } from '../../src/addresses/caller.ts';
import type { Decision, CachedSession, KnownPod } from '../../src/feed/table/known-pod.ts';
import type { AnswerRecord } from '../../src/pod-http/answer/record.ts';
import { metadataHosts } from '../../src/pod-http/host-check.ts';
import type { LimitName } from '../../src/pod-http/limit-hits.ts';
import type { OtherMetadata } from '../../src/node-imds/other-metadata.ts';
import type { PodRights } from '../../src/node-imds/metadata-rights.ts';
import { createMetadataEndpoint } from '../../src/metadata/endpoint.ts';
import type { MetadataSettings } from '../../src/metadata/endpoint.ts';
import { createPodServer } from '../../src/pod-http/pod-server.ts';
import type { LimitsOptions } from '../../src/pod-http/http-limits.ts';
import { createTokens } from '../../src/imds-tokens/tokens.ts';

/** The Pod of most tests, and another one. */
export const POD_IP = '127.0.0.11';
export const OTHER_IP = '127.0.0.12';
export const ROLE_ARN = 'arn:aws:iam::123456789012:role/app/reader';
export const LIST = '/latest/meta-data/iam/security-credentials/';
export const TOKEN_HEADER = 'x-aws-ec2-metadata-token';
export const TTL_HEADER = 'x-aws-ec2-metadata-token-ttl-seconds';

export const allow: Extract<Decision, { kind: 'allow' }> = {
  kind: 'allow',
  sessionId: 's-1',
  roleArn: ROLE_ARN,
  roleName: 'app/reader',
  sessionName: 'team-a.default',
};

export function podOf(more: Partial<KnownPod> = {}): KnownPod {
  return {
    uid: 'uid-1',
    namespace: 'team-a',
    name: 'web-1',
    serviceAccount: 'default',
    runtimeUid: '',
    ips: [POD_IP],
    hostNetwork: false,
    ended: false,
    terminating: false,
    metadata: { denied: false },
    decision: allow,
    ...more,
  };
}

export function sessionOf(id: string, secret: string, expiresAtMs = 3_600_000): CachedSession {
  const document = `{"Code":"Success","SecretAccessKey":"${secret}"}`;
  const life = { expiresAtMs, lifetimeMs: 3_600_000 };
  return {
    id,
    credentials: { accessKeyId: `ASIA${id}`, accountId: '123456789012', fingerprint: id, document, ...life },
  };
}

export interface Answered {
  readonly status: number;
  readonly body: string;
  readonly headers: Record<string, string | string[] | undefined>;
}

export interface ServeSettings extends Partial<MetadataSettings> {
  readonly limits?: LimitsOptions;
}

/** A metadata server on loopback, with its environment controlled by the test. */
export async function serve(
  { limits, ...given }: ServeSettings = {},
  parts: { readonly other?: OtherMetadata } = {},
) {
  const clock = createFakeClock();
  const callers = new Map<string, Caller>();
  const sessions = new Map<string, CachedSession>();
  const changed = new Set<() => void>();
  const handedOver = new Set<(ip: string) => void>();
  const records: AnswerRecord[] = [];
  const limitHits: LimitName[] = [];
  const holds: string[] = [];
  const unknownIps: string[] = [];
  const { log, lines } = recordingLog();
  const { other, reads } = fakeOther();
  const tokens = createTokens({ clock, randomBytes });
  const identify = (ip: string): Caller =>
    callers.get(ip) ?? { kind: 'unknown', waitsFor: 'a CNI result with this address' };
  const settings = {
    hosts: metadataHosts,
    imdsv1: 'audit' as const,
    holdMs: 850,
    holdGoMs: 400,
    // Off: tests of patient clients turn it on.
    holdPatientMs: 850,
    groups: new Set(['placement', 'tags']),
    ...given,
  };
  // Its timer does not belong to a request.
  const memory = createMemory({ clock: createFakeClock() });
  const server = createPodServer({
    callers: { identify, onChange: subscribing(changed), onHandover: subscribing(handedOver) },
    table: { pod: () => undefined, onChange: () => () => undefined },
    clock,
    log,
    limitHit: (limit) => limitHits.push(limit),
    metrics: { answered: (_, describe) => records.push(describe()), held: (outcome) => holds.push(outcome) },
    ...(limits && { limits }),
    longestHoldMs: Math.max(settings.holdMs, settings.holdGoMs, settings.holdPatientMs),
    randomBytes,
    memory,
    onUnknownIp: (ip) => unknownIps.push(ip),
  });
  const metadata = createMetadataEndpoint(
    {
      callers: { identify },
      table: { session: (id) => sessions.get(id) },
      tokens,
      other: parts.other ?? other,
      settings,
      memory,
    },
    server.parts,
  );
  const { port } = await server.listen(metadata, '127.0.0.1', 0);
  return {
    server,
    port,
    clock,
    callers,
    sessions,
    tokens,
    other,
    reads,
    records,
    limitHits,
    holds,
    unknownIps,
    lines,
    change: () => {
      for (const listener of changed) listener();
    },
    handOver: (ip: string) => {
      for (const listener of handedOver) listener(ip);
    },
    ask: (target: string, more: AskOptions = {}) => ask(port, target, more),
    raw: (bytes: string | Buffer, ip = POD_IP) => raw(port, bytes, ip),
    dial: (ip = POD_IP) => dial(port, ip),
    async [Symbol.asyncDispose]() {
      const closed = server.close();
      await clock.advance(5_000);
      await closed;
    },
  };
}

export type Served = Awaited<ReturnType<typeof serve>>;

/** Yields to the event loop until `isSo`, or until the test's time limit. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setImmediate();
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly ip?: string;
  readonly signal?: AbortSignal;
}

export function ask(
  port: number,
  target: string,
  { method = 'GET', headers, ip = POD_IP, signal }: AskOptions,
) {
  return new Promise<Answered>((resolve, reject) => {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      path: target,
      method,
      localAddress: ip,
      headers: { host: '169.254.169.254', ...headers },
      agent: false,
      ...(signal && { signal }),
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (body += part));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body, headers: response.headers });
      });
    });
    outgoing.end();
  });
}

/** Sends raw bytes; resolves with everything received until the other side closes. */
export async function raw(port: number, bytes: string | Buffer, ip: string): Promise<string> {
  const { socket, received } = await dial(port, ip);
  socket.write(bytes);
  await until(() => socket.closed || socket.readableEnded);
  socket.destroy();
  return received();
}

export function dial(port: number, ip: string): Promise<{ socket: Socket; received: () => string }> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ host: '127.0.0.1', port, localAddress: ip }, () => {
      resolve({ socket, received: () => text });
    });
    socket.setEncoding('latin1');
    socket.on('data', (part: string) => (text += part));
    // A reset counts as an end.
    socket.on('error', reject);
  });
}

export function subscribing<Listener>(listeners: Set<Listener>): (listener: Listener) => () => void {
  return (listener) => {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  };
}

export function recordingLog() {
  const lines: { level: string; message: string; fields: Record<string, unknown> }[] = [];
  const at =
    (level: string) =>
    (message: string, fields: object = {}) => {
      lines.push({ level, message, fields: fields as Record<string, unknown> });
    };
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return { log, lines };
}

/** Two groups with a file each, and what a narrowed Pod may see of them. */
function fakeOther() {
  const reads: string[] = [];
  const files = new Map([
    ['meta-data/placement/region', 'placement'],
    ['meta-data/tags/instance/team', 'tags'],
  ]);
  const kindOf = (path: string, { groups }: Pick<PodRights, 'groups'>) => {
    const open = [...files].filter(([, group]) => groups.has(group)).map(([file]) => file);
    if (open.includes(path)) return 'file' as const;
    return open.some((file) => path === '' || file.startsWith(`${path}/`))
      ? ('directory' as const)
      : undefined;
  };
  const everyone = { groups: new Set(files.values()) };
  const other = {
    readable: kindOf,
    everReadable: (path: string) => kindOf(path, everyone) !== undefined,
    read: (path: string, rights: PodRights): Promise<string | undefined> => {
      reads.push(path);
      return Promise.resolve(`${path} for ${rights.accountId || 'nobody'}`);
    },
  };
  return { other, reads };
}
