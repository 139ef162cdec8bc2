import { X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isNodeName, nodeOfSan, Refusal } from '@rolegate/protocol';
import { activeOf, bundleOf } from './authorities.ts';
import type { Authorities } from './authorities.ts';
import { CLOCK_SKEW_MS, publicKeyOfRequest, signLeaf } from './certificates.ts';
import { CLIENT_LIFE_MS } from './rotation.ts';

/** An agent's request for a certificate. */
export interface ClientAsk {
  readonly certificateRequest: Uint8Array;
  readonly node: string;
  /** Of the agent's Pod. */
  readonly podUid: string;
}

/** The identity in a client certificate. */
export interface VerifiedClient {
  readonly node: string;
  readonly podUid: string;
  /** Milliseconds since the epoch. */
  readonly endsMs: number;
}

/** Milliseconds since the epoch. */
interface Period {
  readonly beginsMs: number;
  readonly endsMs: number;
}

/** A certificate that was verified, and the period of both it and its issuer. */
interface Verified extends Period {
  readonly client: VerifiedClient;
  /** PEM of the authorities that were trusted. */
  readonly trusted: string;
}

export interface ClientCertificatesDeps {
  readonly authorities: () => Authorities;
  readonly trustDomain: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** RFC 5280, 4.2.1.12. */
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/** A Pod's UID in a URN; in practice a UUID, or the hash of a static Pod. */
const POD_UID = /^[A-Za-z0-9-]{1,63}$/;

/** A request with a P-256 key has 300 bytes. */
const LARGEST_REQUEST_BYTES = 16 * 1024;

/** The validity period of what `issue` signs. Milliseconds. */
const LONGEST_MS = CLIENT_LIFE_MS + CLOCK_SKEW_MS;

/** Whether the certificate lives longer than servers issue: somebody with a stolen authority key could sign for years. */
export function livesTooLong({
  validFrom,
  validTo,
}: Pick<X509Certificate, 'validFrom' | 'validTo'>): boolean {
  // NaN, from a time that does not parse, is also too long.
  return !(Date.parse(validTo) - Date.parse(validFrom) <= LONGEST_MS);
}

/** Signs and verifies agents' certificates. */
export function createClientCertificates({ authorities, trustDomain, now }: ClientCertificatesDeps) {
  const verified = new WeakMap<Uint8Array, Verified>();
  const idOf = (node: string) => `spiffe://${trustDomain}/node/${node}`;
  const urnOf = (podUid: string) => `urn:rolegate:pod:${podUid}`;

  function clientOf(subjectAltName: string): Pick<VerifiedClient, 'node' | 'podUid'> | undefined {
    const node = nodeOfSan(subjectAltName, trustDomain);
    const [, podUid] = /, URI:urn:rolegate:pod:([A-Za-z0-9-]+)$/.exec(subjectAltName) ?? [];
    if (node === undefined || podUid === undefined) return undefined;
    // Only the exact form that is issued.
    return subjectAltName === `URI:${idOf(node)}, URI:${urnOf(podUid)}` ? { node, podUid } : undefined;
  }

  function verifyAgain(der: Uint8Array): Omit<Verified, 'trusted'> | undefined {
    const certificate = parsed(der);
    if (certificate === undefined || certificate.ca || livesTooLong(certificate)) return undefined;
    const [begins, ends] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
    const inTime = ({ beginsMs, endsMs }: Period) => beginsMs <= now() && now() < endsMs;
    if (!inTime({ beginsMs: begins, endsMs: ends })) return undefined;
    // Typed as string[], but may be missing.
    const usages = certificate.keyUsage as string[] | undefined;
    const names = certificate.subjectAltName;
    if (usages?.length !== 1 || usages[0] !== CLIENT_AUTH || names === undefined) return undefined;
    const issuer = authorities().all.find(
      (authority) =>
        inTime(authority) &&
        certificate.checkIssued(authority.certificate) &&
        certificate.verify(authority.certificate.publicKey),
    );
    const client = clientOf(names);
    if (issuer === undefined || client === undefined) return undefined;
    return {
      client: { ...client, endsMs: ends },
      beginsMs: Math.max(begins, issuer.beginsMs),
      endsMs: Math.min(ends, issuer.endsMs),
    };
  }

  return {
    issue: async ({
      certificateRequest,
      node,
      podUid,
    }: ClientAsk): Promise<{ chain: string; endsMs: number }> => {
      const publicKey = await publicKeyFor(certificateRequest);
      if (!isNodeName(node) || !POD_UID.test(podUid))
        throw new Refusal(
          'ForeignNode',
          'the name of the node or the UID of the Pod is not valid in a certificate',
        );
      const issuer = activeOf(authorities());
      if (issuer.endsMs <= now())
        throw new Refusal(
          'ServerUnavailable',
          `authority ${issuer.id} has expired, so nothing can be signed`,
        );
      const chain = await signLeaf({
        issuer,
        publicKey,
        nowMs: now(),
        purpose: 'client',
        lifeMs: CLIENT_LIFE_MS,
        subject: 'rolegate-agent',
        names: [idOf(node), urnOf(podUid)].map((value) => ({ type: 'url', value })),
      });
      return { chain, endsMs: Date.parse(new X509Certificate(chain).validTo) };
    },

    /** Verifies again only if the trusted authorities have changed, because each report of an agent is verified. */
    verify: (der: Uint8Array): VerifiedClient | undefined => {
      const trusted = bundleOf(authorities());
      const known = verified.get(der);
      if (known?.trusted === trusted && known.beginsMs <= now() && now() < known.endsMs) return known.client;
      const client = verifyAgain(der);
      if (client === undefined) verified.delete(der);
      else verified.set(der, { ...client, trusted });
      return client?.client;
    },
  };
}

async function publicKeyFor(certificateRequest: Uint8Array): Promise<KeyObject> {
  try {
    if (certificateRequest.length > LARGEST_REQUEST_BYTES)
      throw new Error('the certificate request is over 16 KiB');
    return await publicKeyOfRequest(certificateRequest);
  } catch (error) {
    throw new Refusal(
      'ForeignNode',
      error instanceof Error ? error.message : 'the certificate request is invalid',
      {
        cause: error,
      },
    );
  }
}

function parsed(der: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}
