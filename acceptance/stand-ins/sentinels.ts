import { SENTINELS, imdsTree } from '@rolegate/testing';
import type { ImdsTree } from '@rolegate/testing';

/** A header of every answer of the cloud. */
export const CLOUD_HEADER = { 'x-answered-by': 'SENTINEL-CLOUD' };
/** The answer of other ports of the metadata addresses. */
export const ECHO = 'SENTINEL-ECHO';

/** Texts that show that an answer came from the cloud. */
export const sentinels: readonly string[] = [
  ...SENTINELS.never,
  ...SENTINELS.unlessAllowed,
  ...Object.values(CLOUD_HEADER),
  ECHO,
];

const CREDENTIALS = 'meta-data/iam/security-credentials';
/** Longer than a suite runs. Milliseconds. */
const LIFETIME_MS = 6 * 3_600_000;

/**
 * Serves the role list also without a trailing slash, where EC2 redirects: the worst case. The node's credentials are valid,
 * because SDKs do not use expired ones.
 */
export const cloudTree: ImdsTree = {
  ...imdsTree,
  [CREDENTIALS]: 'SENTINEL-NODE-ROLE',
  [`${CREDENTIALS}/SENTINEL-NODE-ROLE`]: validFor(LIFETIME_MS, imdsTree[`${CREDENTIALS}/SENTINEL-NODE-ROLE`]),
};

function validFor(lifetimeMs: number, document = '{}'): string {
  const times = { LastUpdated: inSeconds(Date.now()), Expiration: inSeconds(Date.now() + lifetimeMs) };
  return JSON.stringify({ ...(JSON.parse(document) as object), ...times });
}

function inSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+/, '');
}

/** The first sentinel in the text. */
export function findSentinel(text: string): string | undefined {
  return sentinels.find((sentinel) => text.includes(sentinel));
}
