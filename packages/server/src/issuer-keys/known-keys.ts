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

/** The keys as they were read last. */
export interface HeldKeys {
  /** Undefined until documents were read. */
  readonly current: () => KnownKeys | undefined;
  /** The server's own token has been read. */
  readonly sawToken: (token: OwnToken | undefined) => void;
  /** Documents have been read; true if `current` has changed. `nowMs`: monotonic. */
  readonly take: (documents: Pick<IssuerDocuments, 'keys' | 'issuer'>, nowMs: number) => boolean;
  /** Why no token with the configured audience is accepted; undefined if they are. */
  readonly audienceFault: () => string | undefined;
  readonly forget: () => void;
}

export function createHeldKeys({ audience, issuers: further }: IssuerSettings): HeldKeys {
  let keys: ReadonlyMap<string, Retained<IssuerKey>> = new Map();
  let named: ReadonlyMap<string, Retained<string>> = new Map();
  let own: OwnToken | undefined;
  let current: KnownKeys | undefined;

  const issuers = () => [
    ...new Set([...named.keys(), ...(own === undefined ? [] : [own.issuer]), ...further]),
  ];
  const audienceFault = () => audienceClash(audience, issuers(), own);

  function known(): KnownKeys {
    if (audienceFault() !== undefined) return { issuers: [], keys: [] };
    // Those that are listed come first. Sorted, because API servers need not list them in the same order.
    const kept = [...keys.values()].slice(0, MOST_KEYS).map(({ value }) => value);
    return { issuers: issuers().sort(), keys: kept.sort((a, b) => (a.id < b.id ? -1 : 1)) };
  }

  return {
    current: () => current,
    sawToken(token) {
      own = token;
    },
    take(documents, nowMs) {
      const times = { nowMs, forMs: RETAINED_MS };
      keys = retain(keys, documents.keys, times);
      named = retain(named, new Map([[documents.issuer, documents.issuer]]), times);
      const now = known();
      if (isDeepStrictEqual(now, current)) return false;
      current = now;
      return true;
    },
    audienceFault,
    forget() {
      keys = new Map();
      named = new Map();
      current = undefined;
    },
  };
}

/** The API server takes tokens with its own audience too, so each Pod has one and may show it to others. */
function audienceClash(
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
