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

/** Serves the role list also without a trailing slash, where EC2 redirects: the worst case. */
export const cloudTree: ImdsTree = {
  ...imdsTree,
  'meta-data/iam/security-credentials': 'SENTINEL-NODE-ROLE',
};

/** The first sentinel in the text. */
export function findSentinel(text: string): string | undefined {
  return sentinels.find((sentinel) => text.includes(sentinel));
}
