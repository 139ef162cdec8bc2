import { reducedIdentityDocument } from '../imds-documents/identity-document.ts';
import type { Architecture } from '../imds-documents/identity-document.ts';
import { IDENTITY_DOCUMENT } from './groups.ts';
import { knownPath } from './known-path.ts';
import type { KnownPath } from './known-path.ts';
import { childPath, createMetadataRights } from './metadata-rights.ts';
import type { MetadataRights, OpenedPaths, PodRights } from './metadata-rights.ts';
import type { NodeImds } from './node-imds.ts';

/**
 * Metadata other than credentials: the closed groups, paths opened by `--allow-path`, and the reduced identity document. Paths
 * are canonical: segments joined by '/', without version or trailing slash, '' for the version's root.
 */
export interface OtherMetadata {
  /** The kind of a path that this Pod may read; undefined: it may not. */
  readable(path: string, rights: PodRights): 'file' | 'directory' | undefined;
  /** True if some Pod may read the path on this node. */
  everReadable(path: string): boolean;
  /**
   * The document as text/plain; undefined means 404. Rejects with a Refusal, or with another error (503) if the node's IMDS is
   * unavailable and nothing is cached.
   */
  read(path: string, rights: PodRights): Promise<string | undefined>;
}

export interface OtherMetadataDeps extends OpenedPaths {
  readonly imds: Pick<NodeImds, 'read'>;
  /** The node's architecture, for the reduced document; undefined: it names none. */
  readonly architecture: Architecture | undefined;
}

/** Directories and files that exist whatever the node's IMDS lists. */
const OWN_NAMES: ReadonlyMap<string, readonly string[]> = new Map([
  ['', ['dynamic', 'meta-data']],
  ['dynamic', ['instance-identity']],
  ['dynamic/instance-identity', ['document']],
]);
const REGION = 'meta-data/placement/region';
const ZONE = 'meta-data/placement/availability-zone';

/** Serves only what the groups and `--allow-path` open, from the node's IMDS (DESIGN.md 4.3). */
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

  /** Made-up names must not cause requests to the node's IMDS or displace cached answers. */
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

/** Lists what a Pod may read in a directory; asks the node only for names that only it knows. Undefined: nothing. */
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
    // The role's directory is the agent's, and exists for Pods with a role.
    if (path === 'meta-data' && rights.hasRole) lines.push('iam/');
    return lines.length === 0 ? undefined : [...new Set(lines)].sort().join('\n');
  };
}

/** The names of a listing: 'a', 'a/' for a directory, and '0=my-key' for the key 0. */
function namesIn(directory: string, listing: string | undefined): string[] {
  const ending = directory === 'meta-data/public-keys' ? /=.*$/ : /\/$/;
  return (listing ?? '').split('\n').map((line) => line.replace(ending, ''));
}
