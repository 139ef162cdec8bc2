import { isDeepStrictEqual } from 'node:util';
import { MOST_KEYS } from './documents.ts';
import type { IssuerKey } from './documents.ts';
import type { OwnToken } from './own-token.ts';
import type { IssuerDocuments } from './read-documents.ts';
import { retain } from './retention.ts';
import type { Retained } from './retention.ts';

/** How long keys and issuers stay valid after they have left the documents. Milliseconds. */
const RETAINED_MS = 300_000;

/** The keys and issuers that verify ServiceAccount tokens. A new object with each change. */
export interface KnownKeys {
  readonly issuers: readonly string[];
  readonly keys: readonly IssuerKey[];
}

export interface IssuerSettings {
  /** The audience of Pods' tokens. */
  readonly audience: string;
  /** Accepted besides those that the API server names. */
  readonly issuers: readonly string[];
}

/** What was read, with what has left the documents a short time ago. */
export interface ReadKeys {
  readonly keys: ReadonlyMap<string, Retained<IssuerKey>>;
  readonly issuers: ReadonlyMap<string, Retained<string>>;
}

export const NOTHING_READ: ReadKeys = { keys: new Map(), issuers: new Map() };

/** `nowMs`: monotonic. */
export function takeDocuments(
  former: ReadKeys,
  { keys, issuer }: Pick<IssuerDocuments, 'keys' | 'issuer'>,
  nowMs: number,
): ReadKeys {
  const times = { nowMs, forMs: RETAINED_MS };
  return {
    keys: retain(former.keys, keys, times),
    issuers: retain(former.issuers, new Map([[issuer, issuer]]), times),
  };
}

/** What agents get; nothing if tokens with this audience are not for us alone. */
export function knownKeys(
  { keys, issuers }: ReadKeys,
  own: OwnToken | undefined,
  settings: IssuerSettings,
): KnownKeys {
  const accepted = acceptedIssuers([...issuers.keys()], own, settings);
  if (audienceClash(settings.audience, accepted, own) !== undefined) return { issuers: [], keys: [] };
  // Those that are listed come first. Sorted, because API servers need not list them in the same order.
  const kept = [...keys.values()].slice(0, MOST_KEYS).map(({ value }) => value);
  return { issuers: accepted.toSorted(), keys: kept.sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

/** In the order of their sources, each once. */
export function acceptedIssuers(
  named: readonly string[],
  own: OwnToken | undefined,
  { issuers }: IssuerSettings,
): readonly string[] {
  return [...new Set([...named, ...(own === undefined ? [] : [own.issuer]), ...issuers])];
}

/** Why tokens with the audience must not be accepted: the API server takes them too, so each Pod has one and may show it to others. */
export function audienceClash(
  audience: string,
  issuers: readonly string[],
  own: OwnToken | undefined,
): string | undefined {
  if (issuers.includes(audience))
    return `the audience ${audience} is an issuer of the API server, which accepts it for itself`;
  return own?.audiences.includes(audience) === true
    ? `the audience ${audience} is one that the API server accepts for itself`
    : undefined;
}

export function sameKeys(a: KnownKeys | undefined, b: KnownKeys | undefined): boolean {
  return isDeepStrictEqual(a, b);
}
