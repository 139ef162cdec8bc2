import { reducedIdentityDocument } from '../imds-documents/identity-document.ts';
import type { Architecture } from '../imds-documents/identity-document.ts';
import { IDENTITY_DOCUMENT } from './groups.ts';
import { knownPath } from './known-path.ts';
import type { KnownPath } from './known-path.ts';
import { childPath, createMetadataRights } from './metadata-rights.ts';
import type { MetadataRights, OpenedPaths, PodRights } from './metadata-rights.ts';
import type { NodeImds } from './node-imds.ts';

/**
 * Metadata that is not credentials: the closed groups, what the operator allowed by `--allow-path`, the reduced identity
 * document. A path is canonical: segments joined by '/', no version, no last slash, '' for the version's root.
 */
export interface OtherMetadata {
  /** Is this a path that this Pod may read here, and of which kind. */
  readable(path: string, rights: PodRights): 'file' | 'directory' | undefined;
  /** Is this a path that some Pod may read here. */
  everReadable(path: string): boolean;
  /**
   * The document as text/plain; undefined is a 404. Rejects with a Refusal, or with another error where the node's IMDS is
   * away and nothing is cached, which is a 503.
   */
  read(path: string, rights: PodRights): Promise<string | undefined>;
}

export interface OtherMetadataDeps extends OpenedPaths {
  readonly imds: Pick<NodeImds, 'read'>;
  /** The node's, for the reduced document; undefined: it says none. */
  readonly architecture: Architecture | undefined;
}

/** Directories and files that are there whatever the node's IMDS lists. */
const OWN_NAMES: ReadonlyMap<string, readonly string[]> = new Map([
  ['', ['dynamic', 'meta-data']],
  ['dynamic', ['instance-identity']],
  ['dynamic/instance-identity', ['document']],
]);
const REGION = 'meta-data/placement/region';
const ZONE = 'meta-data/placement/availability-zone';

/** Serves what the groups and `--allow-path` open, from the node's IMDS, and nothing else (DESIGN.md 4.3). */
export function createOtherMetadata({ imds, architecture, ...opened }: OtherMetadataDeps): OtherMetadata {
  const rightsTo = createMetadataRights(opened);
  const list = createLister(imds, rightsTo);

  async function read(path: string, rights: PodRights): Promise<string | undefined> {
    const known = knownPath(path);
    const kind = known === undefined ? undefined : rightsTo.kindFor(known, rights);
    if (known === undefined || kind === undefined) return undefined;
    if (!(await namedByNode(known))) return undefined;
    if (kind === 'directory') return list(known, rights);
    const isReduced = known.path === IDENTITY_DOCUMENT && !rightsTo.isOpen(known, rights);
    return isReduced ? reducedDocument(rights) : imds.read(known.path);
  }

  /** Made-up names must not become requests to the node's IMDS, nor push answers out of its cache. */
  async function namedByNode({ chosen }: KnownPath): Promise<boolean> {
    for (const { directory, name } of chosen) {
      if (!namesIn(directory, await imds.read(directory)).includes(name)) return false;
    }
    return true;
  }

  async function reducedDocument({ accountId }: PodRights): Promise<string | undefined> {
    const [region, availabilityZone] = await Promise.all([imds.read(REGION), imds.read(ZONE)]);
    return region === undefined
      ? undefined
      : reducedIdentityDocument({ region, availabilityZone, architecture, accountId });
  }

  return {
    readable: rightsTo.readable,
    everReadable: (path) => rightsTo.readable(path, rightsTo.everyone) !== undefined,
    read,
  };
}

/** Lists what a Pod may read of a directory; the node is asked only for names that it alone knows. Undefined: nothing. */
function createLister(imds: Pick<NodeImds, 'read'>, { readable }: MetadataRights) {
  return async (known: KnownPath, rights: PodRights): Promise<string | undefined> => {
    const { path, names, groupsOfChosen } = known;
    const own = OWN_NAMES.get(path) ?? [];
    const asksNode =
      groupsOfChosen.size > 0 ||
      names.some((name) => !own.includes(name) && readable(childPath(path, name), rights) !== undefined);
    const candidates = [...own, ...(asksNode ? namesIn(path, await imds.read(path)) : [])];
    const lines = candidates.flatMap((name) => {
      const kind = readable(childPath(path, name), rights);
      return kind === undefined ? [] : [kind === 'directory' ? `${name}/` : name];
    });
    // The role's own directory is not the node's: it is there for the Pod that has one.
    if (path === 'meta-data' && rights.hasRole) lines.push('iam/');
    return lines.length === 0 ? undefined : [...new Set(lines)].sort().join('\n');
  };
}

/** The names of a listing: 'a', 'a/' for a directory, and '0=my-key' for the key 0. */
function namesIn(directory: string, listing: string | undefined): string[] {
  const ending = directory === 'meta-data/public-keys' ? /=.*$/ : /\/$/;
  return (listing ?? '').split('\n').map((line) => line.replace(ending, ''));
}
