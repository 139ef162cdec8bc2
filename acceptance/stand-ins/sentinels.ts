import { SENTINELS, imdsTree } from '@rolegate/testing';
import type { ImdsTree } from '@rolegate/testing';

/** A header of every answer of the cloud's, whatever was asked. */
export const CLOUD_HEADER = { 'x-answered-by': 'SENTINEL-CLOUD' };
/** What other ports of the metadata addresses answer. */
export const ECHO = 'SENTINEL-ECHO';

/** What shows that an answer came from the cloud. */
export const sentinels: readonly string[] = [
  ...SENTINELS.never,
  ...SENTINELS.unlessAllowed,
  ...Object.values(CLOUD_HEADER),
  ECHO,
];

/** The list of roles answers without its last slash too: the worst case, for the real one redirects. */
export const cloudTree: ImdsTree = {
  ...imdsTree,
  'meta-data/iam/security-credentials': 'SENTINEL-NODE-ROLE',
};

/** The sentinel in it. */
export function findSentinel(text: string): string | undefined {
  return sentinels.find((sentinel) => text.includes(sentinel));
}
