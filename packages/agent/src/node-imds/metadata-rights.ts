import { roleArnParts } from '@rolegate/protocol';
import type { MetadataGroup } from '@rolegate/protocol';
import type { KnownPod } from '../feed/table/known-pod.ts';
import type { AllowPath } from './allow-path.ts';
import { IDENTITY_DOCUMENT, isNodeCredentials } from './groups.ts';
import { knownPath } from './known-path.ts';
import type { KnownPath } from './known-path.ts';

/** What a Pod may read in addition to its credentials. */
export interface PodRights {
  /** The groups of paths (DESIGN 4.3) that are open for this Pod. */
  readonly groups: ReadonlySet<string>;
  /** True if an annotation lists groups, which closes everything outside groups, including what `--allow-path` opens. */
  readonly isNarrowed: boolean;
  /** The account of the Pod's role; empty without a permitted role. */
  readonly accountId: string;
  readonly hasRole: boolean;
  readonly role?: { readonly name: string; readonly arn: string };
}

/** A Pod can only narrow what the node opens. */
export function rightsOf({ metadata, decision }: KnownPod, open: ReadonlySet<string>): PodRights {
  const { only } = metadata;
  const groups = only === undefined ? open : new Set([...open].filter((group) => only.has(group)));
  const isNarrowed = only !== undefined;
  if (decision.kind !== 'allow') return { groups, isNarrowed, accountId: '', hasRole: false };
  const { roleName: name, roleArn: arn } = decision;
  return { groups, isNarrowed, accountId: roleArnParts(arn).accountId, hasRole: true, role: { name, arn } };
}

/** What the agent of a node serves in addition to credentials. */
export interface OpenedPaths {
  /** The groups of `--metadata-groups`. */
  readonly groups: ReadonlySet<MetadataGroup>;
  /** The paths of `--allow-path`. */
  readonly allowPath: AllowPath;
  /** False: the identity document too is served only if its group or an expression opens it. Default: true. */
  readonly reducedDocument?: boolean;
}

/** Decides who may read which other metadata. Pure. */
export interface MetadataRights {
  /** The rights of a Pod that narrows nothing and has a role. */
  readonly everyone: PodRights;
  /** True if a group or an expression opens the path for this Pod. */
  readonly isOpen: (known: Pick<KnownPath, 'path' | 'group'>, rights: PodRights) => boolean;
  /** The kind as which this Pod may read the path; undefined: it may not. */
  readonly kindFor: (known: KnownPath, rights: PodRights) => 'file' | 'directory' | undefined;
  readonly readable: (path: string, rights: PodRights) => 'file' | 'directory' | undefined;
}

export function createMetadataRights({
  groups,
  allowPath,
  reducedDocument = true,
}: OpenedPaths): MetadataRights {
  function isOpen({ path, group }: Pick<KnownPath, 'path' | 'group'>, rights: PodRights): boolean {
    if (group !== undefined && groups.has(group) && rights.groups.has(group)) return true;
    // A list closes what is outside the groups, even if it names every group of this node.
    return !rights.isNarrowed && allowPath.allows(path);
  }

  function kindFor(known: KnownPath, rights: PodRights): 'file' | 'directory' | undefined {
    const { path, kind } = known;
    if (isNodeCredentials(path)) return undefined;
    const isAlways = reducedDocument && path === IDENTITY_DOCUMENT;
    if (kind === 'file') return isAlways || isOpen(known, rights) ? 'file' : undefined;
    if (path === 'meta-data' && rights.hasRole) return 'directory';
    return leadsSomewhere(known, rights) ? 'directory' : undefined;
  }

  function leadsSomewhere({ path, names, groupsOfChosen }: KnownPath, rights: PodRights): boolean {
    // Names that only the node knows cannot be matched against an expression: the directory itself must match.
    if ([...groupsOfChosen].some((group) => isOpen({ path, group }, rights))) return true;
    return names.some((name) => readable(childPath(path, name), rights) !== undefined);
  }

  function readable(path: string, rights: PodRights): 'file' | 'directory' | undefined {
    const known = knownPath(path);
    return known === undefined ? undefined : kindFor(known, rights);
  }

  return {
    everyone: { groups, isNarrowed: false, accountId: '', hasRole: true },
    isOpen,
    kindFor,
    readable,
  };
}

/** `directory` is '' for the version's root. */
export function childPath(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}
