import type { AuthContext } from '@grpc/grpc-js/build/src/auth-context.js';

/** The part of a server's call that tells who the peer is. */
export interface PeerCall {
  getAuthContext(): unknown;
}

/** Kubernetes: the longest DNS-1123 subdomain, which a node's name is. */
const LONGEST_NODE_NAME = 253;
const DNS_1123_SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

/**
 * One entry of Node's `subjectaltname`: a type, a colon, and a value that is a JSON string where it holds anything that could
 * be taken for a border (Node.js since CVE-2021-44532).
 */
const SAN_ENTRY = /([A-Za-z0-9 ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y;

/** The node that the peer's certificate names (DESIGN.md 4.6); undefined if it does not name exactly one. */
export function nodeOfPeer(call: PeerCall, trustDomain: string): string | undefined {
  const san = certificateOfPeer(call)?.subjectaltname;
  return san === undefined ? undefined : nodeOfSan(san, trustDomain);
}

/** When the peer's certificate ends, milliseconds since the epoch: its streams must end with it. */
export function peerCertificateEndsMs(call: PeerCall): number | undefined {
  const endsMs = Date.parse(certificateOfPeer(call)?.valid_to ?? '');
  return Number.isNaN(endsMs) ? undefined : endsMs;
}

/** The certificate that the peer showed and TLS verified, DER; undefined if there is none. */
export function peerCertificate(call: PeerCall): Buffer | undefined {
  return certificateOfPeer(call)?.raw;
}

/**
 * The node of `spiffe://<trust domain>/node/<node>` among the names of a certificate. Strict: the whole list must parse, and
 * of SPIFFE IDs it must hold this one alone.
 */
export function nodeOfSan(subjectAltName: string, trustDomain: string): string | undefined {
  const ids = urisOf(subjectAltName)?.filter((uri) => /^spiffe:/i.test(uri));
  const id = ids?.[0];
  if (ids?.length !== 1 || id === undefined) return undefined;
  const prefix = `spiffe://${trustDomain}/node/`;
  return id.startsWith(prefix) && isNodeName(id.slice(prefix.length)) ? id.slice(prefix.length) : undefined;
}

/** True for what Kubernetes takes as the name of a node. */
export function isNodeName(name: string): boolean {
  return name.length <= LONGEST_NODE_NAME && DNS_1123_SUBDOMAIN.test(name);
}

function certificateOfPeer(call: PeerCall): AuthContext['sslPeerCertificate'] {
  return (call.getAuthContext() as AuthContext | undefined)?.sslPeerCertificate;
}

/** All URI entries, undefined where any part of the list is not as Node writes it. */
function urisOf(subjectAltName: string): string[] | undefined {
  const uris: string[] = [];
  let at = 0;
  while (at < subjectAltName.length) {
    SAN_ENTRY.lastIndex = at;
    const [whole, type, value] = SAN_ENTRY.exec(subjectAltName) ?? [];
    if (whole === undefined || type === undefined || value === undefined) return undefined;
    at += whole.length;
    if (type !== 'URI') continue;
    const uri = value.startsWith('"') ? unquoted(value) : value;
    if (uri === undefined) return undefined;
    uris.push(uri);
  }
  return uris;
}

function unquoted(value: string): string | undefined {
  try {
    return String(JSON.parse(value));
  } catch {
    return undefined; // not JSON: not written by Node
  }
}
