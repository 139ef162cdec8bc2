import type { KeyObject, X509Certificate } from 'node:crypto';
import type { AttestResponseRead } from '@rolegate/protocol';
import {
  certificatesOf,
  checkAuthorities,
  checkOwnCertificate,
  endOf,
  nodeOfSan,
  TlsFault,
} from '@rolegate/protocol';
import { AttestationFailure } from './failure.ts';

const CHAIN = "the server's certificate for us";
const AUTHORITIES = "the server's list of authorities";

/** A certificate that a server issued for the agent's key, verified. */
export interface IssuedCertificate {
  readonly cert: Buffer;
  /** PEM; used only by TLS. */
  readonly key: Buffer;
  readonly chain: readonly X509Certificate[];
  readonly authorities: readonly X509Certificate[];
  /** Milliseconds since the epoch. */
  readonly endsMs: number;
  readonly lifeMs: number;
  readonly fingerprint: string;
}

export interface IssuedFor {
  readonly key: KeyObject;
  readonly nodeName: string;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** Verifies a server's answer before any of it is used. Throws an AttestationFailure. */
export function issuedOf(
  response: AttestResponseRead,
  { key, nodeName, nowMs }: IssuedFor,
): IssuedCertificate {
  try {
    const chain = certificatesOf(response.certificateChain, CHAIN);
    const [own] = chain;
    checkOwnCertificate(own, { purpose: 'client', nowMs, name: CHAIN });
    if (!own.checkPrivateKey(key)) throw new TlsFault(`${CHAIN} is not for the agent's key`);
    checkNode(own, nodeName);
    const authorities = certificatesOf(response.authorities, AUTHORITIES);
    checkAuthorities(authorities, { nowMs, name: AUTHORITIES });
    if (!isIssuedBy(chain, authorities))
      throw new TlsFault(`${CHAIN} was issued by an authority that is not in its list`);
    return {
      chain,
      authorities,
      cert: Buffer.from(response.certificateChain),
      key: Buffer.from(key.export({ type: 'pkcs8', format: 'pem' })),
      endsMs: endOf(own),
      lifeMs: endOf(own) - Date.parse(own.validFrom),
      fingerprint: own.fingerprint256,
    };
  } catch (error) {
    if (!(error instanceof TlsFault)) throw error;
    throw new AttestationFailure('unusable', { message: error.message, reason: 'ServerUnavailable' });
  }
}

/** True if one of the authorities issued the end of the chain. */
export function isIssuedBy(
  chain: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
): boolean {
  return chain.some((certificate) =>
    authorities.some(
      (authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
    ),
  );
}

/** In any trust domain, which is set by a flag of the server. */
function checkNode(own: X509Certificate, nodeName: string): void {
  const names = own.subjectAltName ?? '';
  const domain = /URI:"?spiffe:\/\/([^/",]+)\/node\//.exec(names)?.[1] ?? '';
  const node = nodeOfSan(names, domain);
  if (node !== nodeName) throw new TlsFault(`${CHAIN} is for ${node ?? 'no node'}, but this is ${nodeName}`);
}
