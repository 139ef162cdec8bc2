import { createPrivateKey } from 'node:crypto';
import type { Authorities } from '@rolegate/protocol';
import { describeError } from '@rolegate/runtime';
import { isIssuedBy, issuedOf } from './issued-certificate.ts';
import type { IssuedCertificate } from './issued-certificate.ts';
import { authoritiesIn } from './trust.ts';

/** A certificate as it outlives the process. PEM throughout. */
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
  /** Of the file; undefined: there are none yet. */
  readonly authorities: Authorities | undefined;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** The certificate of a process before this one, where servers would still take it; else why they would not. */
export function usableCertificate(
  kept: SavedCertificate,
  { nodeName, authorities, nowMs }: UsableFor,
): { readonly issued: IssuedCertificate } | { readonly fault: string } {
  try {
    if (authorities === undefined) return { fault: 'there is no authority to hold it against' };
    const issued = issuedOf(
      { certificateChain: kept.chain, authorities: kept.authorities },
      { key: createPrivateKey(kept.key), nodeName, nowMs },
    );
    return isIssuedBy(issued.chain, authoritiesIn(authorities))
      ? { issued }
      : { fault: 'it is of an authority that --ca does not hold any more' };
  } catch (error) {
    return { fault: describeError(error) };
  }
}
