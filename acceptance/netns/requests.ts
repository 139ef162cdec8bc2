import { families, podRequest } from './send-from-pod.ts';
import { httpRequest } from './pod-tasks.ts';
import type { PodRequest } from './pod-tasks.ts';
import { spellings } from './spellings.ts';
import { ECHO_PORTS, inUrl, METADATA } from '../network/addresses.ts';

/** Registered methods, WebDAV, invalid ones, and an empty method. */
const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'PATCH',
  'PROPFIND',
  'MKCOL',
  'COPY',
  'MOVE',
  'LOCK',
  'SEARCH',
  'REPORT',
  'PURGE',
  'M-SEARCH',
  'QUERY',
  'LINK',
  'get',
  'Get',
  'GETX',
  'BREW',
  'X',
  'G\u00cbT',
  'GET\t',
  ' GET',
  '',
];

const METHOD_TARGETS = [
  '/latest/meta-data/iam/security-credentials',
  '/latest/meta-data/iam/security-credentials/',
  '/latest/meta-data/iam/security-credentials/SENTINEL-NODE-ROLE',
  '/latest/meta-data/identity-credentials/ec2/security-credentials/ec2-instance',
  '/latest/user-data',
];

/** Headers that change the answer of some proxies or servers. */
const HEADERS: Readonly<Record<string, string>> = {
  'a foreign Host': 'Host: localhost\r\n',
  'a rewritten path': 'X-Original-URL: /latest/user-data\r\nX-Rewrite-URL: /latest/user-data\r\n',
  'another method': 'X-HTTP-Method-Override: GET\r\n',
  'another source': `X-Forwarded-For: ${METADATA.ipv4}\r\nForwarded: for=127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\n`,
  'an invalid token': 'X-aws-ec2-metadata-token: AQAAAAAAAAAAAAAAAAAA==\r\n',
  'a body in chunks': 'Transfer-Encoding: chunked\r\n',
  'two lengths': 'Content-Length: 0\r\nContent-Length: 44\r\n',
  'an upgrade': 'Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n',
};

const host = METADATA.ipv4;

/** Every spelling over IPv4: the meaning of a path does not depend on the address family. */
export const spelledRequests: readonly PodRequest[] = spellings.map((target) =>
  podRequest('ipv4', JSON.stringify(target), httpRequest({ target, host })),
);

/** All methods, headers and request forms other than a plain GET. */
export const oddRequests: readonly PodRequest[] = families.flatMap((family) => {
  const to = { host: inUrl(METADATA[family]) };
  return [
    ...METHODS.flatMap((method) =>
      METHOD_TARGETS.map((target) =>
        podRequest(family, `${method} ${target}`, httpRequest({ ...to, method, target })),
      ),
    ),
    ...Object.entries(HEADERS).flatMap(([name, headers]) =>
      METHOD_TARGETS.map((target) =>
        podRequest(family, `${name}, ${target}`, httpRequest({ ...to, headers, target })),
      ),
    ),
    podRequest(family, 'HTTP/0.9', 'GET /latest/user-data\r\n'),
    podRequest(family, 'HTTP/1.0 without a Host', 'GET /latest/user-data HTTP/1.0\r\n\r\n'),
    podRequest(family, 'HTTP/2 from the start', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    podRequest(family, 'not HTTP', '\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n'),
    podRequest(
      family,
      'two requests in one',
      `${httpRequest({ ...to, target: '/latest/meta-data/' }).replace('close', 'keep-alive')}${httpRequest({ ...to, target: '/latest/user-data' })}`,
    ),
  ];
});

/** Requests to every other port on which the cloud answers. */
export const otherPorts: Readonly<Record<'tcp' | 'udp', readonly PodRequest[]>> = {
  tcp: toEchoPorts('tcp'),
  udp: toEchoPorts('udp'),
};

function toEchoPorts(kind: 'tcp' | 'udp'): PodRequest[] {
  return families.flatMap((family) =>
    ECHO_PORTS[kind].map((port) => ({
      name: `${port}/${kind} by ${family}`,
      host: METADATA[family],
      port,
      bytes: 'ping',
    })),
  );
}
