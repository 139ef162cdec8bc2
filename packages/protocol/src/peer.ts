import type { AuthContext } from '@grpc/grpc-js/build/src/auth-context.js';

/** The part of a server call that identifies the peer. */
export interface PeerCall {
  getAuthContext(): unknown;
}

/** The longest DNS-1123 subdomain, which is what a node name is in Kubernetes. */
const LONGEST_NODE_NAME = 253;
const DNS_1123_SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

/**
 * An entry of Node's `subjectaltname`: a type, a colon and a value, which is a JSON string if it contains anything that
 * could be taken for a separator (Node.js since CVE-2021-44532).
 */
const SAN_ENTRY = /([A-Za-z0-9 ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y;

/** The node that the peer's certificate names (DESIGN.md 4.6). Undefined unless it names exactly one. */
export function nodeOfPeer(call: PeerCall, trustDomain: string): string | undefined {
  const san = certificateOfPeer(call)?.subjectaltname;
  return san === undefined ? undefined : nodeOfSan(san, trustDomain);
}

/** When the peer's certificate expires, and its streams end with it. Milliseconds since the epoch. */
export function peerCertificateEndsMs(call: PeerCall): number | undefined {
  const endsMs = Date.parse(certificateOfPeer(call)?.valid_to ?? '');
  return Number.isNaN(endsMs) ? undefined : endsMs;
}

/** The peer's certificate as verified by TLS, DER. Undefined if there is none. */
export function peerCertificate(call: PeerCall): Buffer | undefined {
  return certificateOfPeer(call)?.raw;
}

/**
 * The node of `spiffe://<trust domain>/node/<node>` among the names of a certificate. Strict: the whole list must
 * parse, and this must be its only SPIFFE ID.
 */
export function nodeOfSan(subjectAltName: string, trustDomain: string): string | undefined {
  const ids = urisOf(subjectAltName)?.filter((uri) => /^spiffe:/i.test(uri));
  const id = ids?.[0];
  if (ids?.length !== 1 || id === undefined) return undefined;
  const prefix = `spiffe://${trustDomain}/node/`;
  return id.startsWith(prefix) && isNodeName(id.slice(prefix.length)) ? id.slice(prefix.length) : undefined;
}

/** True if Kubernetes accepts the name for a Node. */
export function isNodeName(name: string): boolean {
  return name.length <= LONGEST_NODE_NAME && DNS_1123_SUBDOMAIN.test(name);
}

function certificateOfPeer(call: PeerCall): AuthContext['sslPeerCertificate'] {
  return (call.getAuthContext() as AuthContext | undefined)?.sslPeerCertificate;
}

/** All URI entries. Undefined if any part of the list is not in Node's format. */
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
    return undefined; // not JSON, so not written by Node
  }
}
