import type { AllowPath } from './allow-path.ts';
import { IDENTITY_DOCUMENT, isNodeCredentials } from './groups.ts';
import type { Group } from './groups.ts';
import { reducedIdentityDocument } from '../imds-documents/identity-document.ts';
import type { Architecture } from '../imds-documents/identity-document.ts';
import { knownPath } from './known-path.ts';
import type { KnownPath } from './known-path.ts';
import type { NodeImds } from './node-imds.ts';
import type { OtherMetadata, Reader } from './other-metadata.ts';

export interface OtherMetadataDeps {
  readonly imds: Pick<NodeImds, 'read'>;
  /** What `--metadata-groups` opens on this node. */
  readonly groups: ReadonlySet<Group>;
  /** What `--allow-path` opens besides. */
  readonly allowPath: AllowPath;
  /** The node's, for the reduced document; undefined: it says none. */
  readonly architecture: Architecture | undefined;
  /** False: the identity document too is served only if its group or an expression opens it. Default: true. */
  readonly reducedDocument?: boolean;
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
export function createOtherMetadata({
  imds,
  groups,
  allowPath,
  architecture,
  reducedDocument: hasReduced = true,
}: OtherMetadataDeps): OtherMetadata {
  const everyone: Reader = { groups, isNarrowed: false, accountId: '', hasRole: true };

  function isOpen(path: string, group: Group | undefined, reader: Reader): boolean {
    if (group !== undefined && groups.has(group) && reader.groups.has(group)) return true;
    // A list closes what is outside the groups, also one that names every group of this node.
    return !reader.isNarrowed && allowPath.allows(path);
  }

  function kindFor(known: KnownPath, reader: Reader): 'file' | 'directory' | undefined {
    const { path, kind, group } = known;
    if (isNodeCredentials(path)) return undefined;
    const isAlways = hasReduced && path === IDENTITY_DOCUMENT;
    if (kind === 'file') return isAlways || isOpen(path, group, reader) ? 'file' : undefined;
    if (path === 'meta-data' && reader.hasRole) return 'directory';
    return leadsSomewhere(known, reader) ? 'directory' : undefined;
  }

  function leadsSomewhere({ path, names, groupsOfChosen }: KnownPath, reader: Reader): boolean {
    // Names that only the node knows cannot be held against an expression: the directory itself must match.
    if ([...groupsOfChosen].some((group) => isOpen(path, group, reader))) return true;
    return names.some((name) => readable(join(path, name), reader) !== undefined);
  }

  function readable(path: string, reader: Reader): 'file' | 'directory' | undefined {
    const known = knownPath(path);
    return known === undefined ? undefined : kindFor(known, reader);
  }

  async function read(path: string, reader: Reader): Promise<string | undefined> {
    const known = knownPath(path);
    const kind = known === undefined ? undefined : kindFor(known, reader);
    if (known === undefined || kind === undefined) return undefined;
    if (!(await namedByNode(known))) return undefined;
    if (kind === 'directory') return list(known, reader);
    const isReduced = known.path === IDENTITY_DOCUMENT && !isOpen(known.path, known.group, reader);
    return isReduced ? reducedDocument(reader) : imds.read(known.path);
  }

  /** Made-up names must not become requests to the node's IMDS, nor push answers out of its cache. */
  async function namedByNode({ chosen }: KnownPath): Promise<boolean> {
    for (const { directory, name } of chosen) {
      if (!namesIn(directory, await imds.read(directory)).includes(name)) return false;
    }
    return true;
  }

  async function list(known: KnownPath, reader: Reader): Promise<string | undefined> {
    const { path, names, groupsOfChosen } = known;
    const own = OWN_NAMES.get(path) ?? [];
    const asksNode =
      groupsOfChosen.size > 0 ||
      names.some((name) => !own.includes(name) && readable(join(path, name), reader) !== undefined);
    const candidates = [...own, ...(asksNode ? namesIn(path, await imds.read(path)) : [])];
    const lines = candidates.flatMap((name) => {
      const kind = readable(join(path, name), reader);
      return kind === undefined ? [] : [kind === 'directory' ? `${name}/` : name];
    });
    // The role's own directory is not the node's: it is there for the Pod that has one.
    if (path === 'meta-data' && reader.hasRole) lines.push('iam/');
    return lines.length === 0 ? undefined : [...new Set(lines)].sort().join('\n');
  }

  async function reducedDocument({ accountId }: Reader): Promise<string | undefined> {
    const [region, availabilityZone] = await Promise.all([imds.read(REGION), imds.read(ZONE)]);
    return region === undefined
      ? undefined
      : reducedIdentityDocument({ region, availabilityZone, architecture, accountId });
  }

  return { readable, everReadable: (path) => readable(path, everyone) !== undefined, read };
}

/** The names of a listing: 'a', 'a/' for a directory, and '0=my-key' for the key 0. */
function namesIn(directory: string, listing: string | undefined): string[] {
  const ending = directory === 'meta-data/public-keys' ? /=.*$/ : /\/$/;
  return (listing ?? '').split('\n').map((line) => line.replace(ending, ''));
}

function join(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}
