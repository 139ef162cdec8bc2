import { createPrivateKey } from 'node:crypto';
import type { Authorities } from '@rolegate/protocol';
import { describeError } from '@rolegate/runtime';
import { isIssuedBy, issuedOf } from './issued-certificate.ts';
import type { IssuedCertificate } from './issued-certificate.ts';
import { authoritiesIn } from './trust.ts';

/** A saved certificate. All fields are PEM. */
export interface SavedCertificate {
  readonly chain: string;
  readonly key: string;
  readonly authorities: string;
}

export function keptCertificate({ cert, key, authorities }: IssuedCertificate): SavedCertificate {
  return {
    chain: cert.toString(),
    key: key.toString(),
    authorities: authorities.map((one) => one.toString()).join(''),
  };
}

export interface UsableFor {
  readonly nodeName: string;
  /** From the file; undefined: not read yet. */
  readonly authorities: Authorities | undefined;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** The certificate of a previous process if servers would still accept it; otherwise why not. */
export function usableCertificate(
  kept: SavedCertificate,
  { nodeName, authorities, nowMs }: UsableFor,
): { readonly issued: IssuedCertificate } | { readonly fault: string } {
  try {
    if (authorities === undefined) return { fault: 'no certificate authority is known to verify it' };
    const issued = issuedOf(
      { certificateChain: kept.chain, authorities: kept.authorities },
      { key: createPrivateKey(kept.key), nodeName, nowMs },
    );
    return isIssuedBy(issued.chain, authoritiesIn(authorities))
      ? { issued }
      : { fault: 'its authority is no longer in --ca' };
  } catch (error) {
    return { fault: describeError(error) };
  }
}
