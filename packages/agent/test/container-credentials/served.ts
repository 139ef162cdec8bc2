import { randomBytes } from 'node:crypto';
import { createMemory } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import type { Caller } from '../../src/addresses/caller.ts';
import { createCredentialsEndpoint } from '../../src/container-credentials/endpoint.ts';
import type { TokenClaims, TokenJudgement } from '../../src/container-credentials/token-judge.ts';
import type { CachedSession, KnownPod } from '../../src/feed/table/known-pod.ts';
import { credentialsDocument } from '../../src/imds-documents/credentials-document.ts';
import { createMetadataEndpoint } from '../../src/metadata/endpoint.ts';
import { createTokens } from '../../src/imds-tokens/tokens.ts';
import type { AnswerRecord } from '../../src/pod-http/answer/record.ts';
import { metadataHosts } from '../../src/pod-http/host-check.ts';
import type { LimitsOptions } from '../../src/pod-http/http-limits.ts';
import type { LimitName } from '../../src/pod-http/limit-hits.ts';
import { createPodServer } from '../../src/pod-http/pod-server.ts';
import { ask, dial, POD_IP, podOf, raw, recordingLog, subscribing } from '../metadata/served.ts';
import type { AskOptions } from '../metadata/served.ts';

export const PATH = '/v1/credentials';
/** The source of the node's own processes. */
export const NODE_IP = '127.0.0.1';

/** Three parts of base64url, as tokens have. */
export function tokenOf(name: string): string {
  return `head.${name}.signature`;
}

export function claimsOf({ uid, name, namespace, serviceAccount }: KnownPod): TokenClaims {
  return { podUid: uid, podName: name, namespace, serviceAccount };
}

/** The Pod `web-1`, and one on the host network. */
export const web = podOf();
export const host = podOf({
  uid: 'uid-host',
  name: 'csi-1',
  namespace: 'kube-system',
  ips: [],
  hostNetwork: true,
});

export function cachedSession(id: string, expiresAtMs = 3_600_000): CachedSession {
  const document = credentialsDocument({
    accessKeyId: `ASIA${id}`,
    secretAccessKey: 'secret/+"\\',
    sessionToken: 'token==',
    accountId: '123456789012',
    lastUpdatedMs: Date.UTC(2026, 10, 23, 6, 39, 10, 123),
    expirationMs: Date.UTC(2026, 10, 23, 7, 39, 10, 987),
  });
  const times = { expiresAtMs, lifetimeMs: 3_600_000 };
  return {
    id,
    credentials: { accessKeyId: `ASIA${id}`, accountId: '123456789012', fingerprint: id, document, ...times },
  };
}

/** Both endpoints on loopback, with their environment controlled by the test. */
export async function serve({ limits }: { readonly limits?: LimitsOptions } = {}) {
  const clock = createFakeClock();
  const callers = new Map<string, Caller>([[POD_IP, { kind: 'pod', pod: web }]]);
  const pods = new Map<string, KnownPod>([web, host].map((pod) => [pod.uid, pod]));
  const removed = new Set<string>();
  const sessions = new Map<string, CachedSession>([['s-1', cachedSession('s-1')]]);
  const judgements = new Map<string, TokenJudgement>(
    [web, host].map((pod) => [tokenOf(pod.name), { kind: 'valid', claims: claimsOf(pod) }]),
  );
  const judged: { token: string; from: string }[] = [];
  const [changed, judgeable] = [new Set<() => void>(), new Set<() => void>()];
  const records: AnswerRecord[] = [];
  const limitHits: LimitName[] = [];
  const unknownIps: string[] = [];
  const { log, lines } = recordingLog();
  const identify = (ip: string): Caller => callers.get(ip) ?? { kind: 'unknown', waitsFor: 'a CNI result' };
  const table = {
    pod: (uid: string) => pods.get(uid),
    isRemoved: (uid: string) => removed.has(uid),
    session: (id: string) => sessions.get(id),
  };
  const memory = createMemory({ clock: createFakeClock() });
  const server = createPodServer({
    callers: { identify, onChange: () => () => undefined, onHandover: () => () => undefined },
    table: { ...table, onChange: subscribing(changed) },
    changes: [subscribing(judgeable)],
    clock,
    log,
    limitHit: (limit) => limitHits.push(limit),
    metrics: { answered: (_, describe) => records.push(describe()), held: () => undefined },
    ...(limits && { limits }),
    longestHoldMs: 850,
    randomBytes,
    memory,
    onUnknownIp: (ip) => unknownIps.push(ip),
  });
  const credentials = createCredentialsEndpoint(
    {
      callers: { identify },
      table,
      judge: {
        judge(token, from) {
          judged.push({ token, from });
          return judgements.get(token) ?? { kind: 'invalid', fault: 'no key verifies it' };
        },
      },
      isNodeAddress: (ip) => ip === NODE_IP,
      hosts: ['169.254.170.23', 'fd00:ec2::23', '127.0.0.1'],
      holdMs: 850,
    },
    server.parts,
  );
  const metadata = createMetadataEndpoint(
    {
      callers: { identify },
      table,
      tokens: createTokens({ clock, randomBytes }),
      other: { readable: () => undefined, everReadable: () => false, read: () => Promise.resolve(undefined) },
      settings: {
        hosts: metadataHosts,
        imdsv1: 'audit',
        holdMs: 850,
        holdGoMs: 400,
        holdPatientMs: 850,
        groups: new Set(),
      },
      memory,
    },
    server.parts,
  );
  const { port } = await server.listen(credentials, '127.0.0.1', 0);
  const { port: metadataPort } = await server.listen(metadata, '127.0.0.1', 0);
  const tellAll = (listeners: Iterable<() => void>) => {
    for (const listener of listeners) listener();
  };
  return {
    server,
    clock,
    callers,
    pods,
    removed,
    sessions,
    judgements,
    judged,
    records,
    limitHits,
    unknownIps,
    lines,
    change: () => {
      tellAll(changed);
    },
    /** The judge knows more now. */
    learn: () => {
      tellAll(judgeable);
    },
    /** With the token of `web` by default. */
    ask: ({ headers, ...more }: AskOptions & { readonly target?: string } = {}) =>
      ask(port, more.target ?? PATH, {
        ...more,
        headers: { host: '169.254.170.23:8182', authorization: tokenOf(web.name), ...headers },
      }),
    askMetadata: (target: string, more: AskOptions = {}) => ask(metadataPort, target, more),
    raw: (bytes: string, ip = POD_IP) => raw(port, bytes, ip),
    dial: (ip = POD_IP) => dial(port, ip),
    async [Symbol.asyncDispose]() {
      const closed = server.close();
      await clock.advance(5_000);
      await closed;
    },
  };
}
