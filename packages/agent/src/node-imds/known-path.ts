import { metadataGroups } from '@rolegate/protocol';
import type { MetadataGroup } from '@rolegate/protocol';
import { groupPaths, isNodeCredentials, ungroupedPaths } from './groups.ts';

/** A path of the closed lists, or one of their parent directories. */
export interface KnownPath {
  /** Rebuilt from the lists' own words and validated segments; without version or outer slashes. */
  readonly path: string;
  readonly kind: 'file' | 'directory';
  /** Only for files of a group. */
  readonly group?: MetadataGroup;
  /** Segments for `<mac>` or `<tag>` in the list: the node must contain them in their directory. */
  readonly chosen: readonly { readonly directory: string; readonly name: string }[];
  /** Only for directories: the names in it that the lists define. */
  readonly names: readonly string[];
  /** Only for directories whose next segment is `<mac>` or `<tag>`: the groups of the files below; otherwise empty. */
  readonly groupsOfChosen: ReadonlySet<MetadataGroup>;
}

interface Branch {
  readonly fixed: Map<string, Branch>;
  chosen?: { readonly allows: RegExp; readonly branch: Branch };
  file?: { readonly group: MetadataGroup | undefined };
}

/** Allowed values of a placeholder. EC2 allows these characters in the tag keys that metadata shows, except `.`, `..`, `_index`. */
const PLACEHOLDERS: Readonly<Record<string, RegExp>> = {
  '<mac>': /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/,
  '<tag>': /^(?!\.{1,2}$|_index$)[A-Za-z0-9+\-=.,_:@]{1,128}$/,
};

const root: Branch = { fixed: new Map() };
for (const group of metadataGroups) for (const path of groupPaths[group]) grow(path, group);
for (const path of ungroupedPaths) grow(path, undefined);

/** Finds a canonical path ('' is the version's root) in the closed lists. Every request to the node is built from the result. */
export function knownPath(path: string): KnownPath | undefined {
  let branch = root;
  const taken: string[] = [];
  const chosen: { directory: string; name: string }[] = [];
  for (const segment of path === '' ? [] : path.split('/')) {
    const next = branch.fixed.get(segment) ?? choose(branch, segment);
    if (next === undefined) return undefined;
    if (!branch.fixed.has(segment)) chosen.push({ directory: taken.join('/'), name: segment });
    taken.push(segment);
    branch = next;
  }
  return describe(branch, taken.join('/'), chosen);
}

function describe(branch: Branch, path: string, chosen: KnownPath['chosen']): KnownPath {
  const { file } = branch;
  return {
    path,
    kind: file === undefined ? 'directory' : 'file',
    ...(file?.group === undefined ? {} : { group: file.group }),
    chosen,
    names: [...branch.fixed.keys()],
    groupsOfChosen: new Set(branch.chosen === undefined ? [] : groupsIn(branch.chosen.branch)),
  };
}

function choose({ chosen }: Branch, segment: string): Branch | undefined {
  return chosen?.allows.test(segment) === true ? chosen.branch : undefined;
}

function groupsIn(branch: Branch): MetadataGroup[] {
  const own = branch.file?.group;
  return [...(own === undefined ? [] : [own]), ...[...branch.fixed.values()].flatMap(groupsIn)];
}

function grow(path: string, group: MetadataGroup | undefined): void {
  // A mistake in the lists fails at start instead of leaking.
  if (isNodeCredentials(path)) throw new Error(`${path} must not be in a list`);
  let branch = root;
  for (const segment of path.split('/')) branch = next(branch, segment);
  branch.file = { group };
}

function next(branch: Branch, segment: string): Branch {
  const allows = PLACEHOLDERS[segment];
  if (allows !== undefined) {
    branch.chosen ??= { allows, branch: { fixed: new Map() } };
    return branch.chosen.branch;
  }
  const known = branch.fixed.get(segment) ?? { fixed: new Map<string, Branch>() };
  branch.fixed.set(segment, known);
  return known;
}
