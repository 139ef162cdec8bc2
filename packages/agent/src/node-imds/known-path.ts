import { metadataGroups } from '@rolegate/protocol';
import type { MetadataGroup } from '@rolegate/protocol';
import { groupPaths, isNodeCredentials, ungroupedPaths } from './groups.ts';

/** A path of the closed lists, or a directory above some. */
export interface KnownPath {
  /** Rebuilt from the lists' own words and checked segments; no version, no slash at either end. */
  readonly path: string;
  readonly kind: 'file' | 'directory';
  /** Files only, and only those of a group. */
  readonly group?: MetadataGroup;
  /** Segments that stand where a list has `<mac>` or `<tag>`: the node must name them in their directory. */
  readonly chosen: readonly { readonly directory: string; readonly name: string }[];
  /** Directories only: names in it that the lists fix. */
  readonly names: readonly string[];
  /** Directories only: where a `<mac>` or `<tag>` comes next, the groups of the files below it; else none. */
  readonly groupsOfChosen: ReadonlySet<MetadataGroup>;
}

interface Branch {
  readonly fixed: Map<string, Branch>;
  chosen?: { readonly allows: RegExp; readonly branch: Branch };
  file?: { readonly group: MetadataGroup | undefined };
}

/** What may stand for a placeholder. EC2 allows these letters in tag keys that metadata shows, and not `.`, `..`, `_index`. */
const PLACEHOLDERS: Readonly<Record<string, RegExp>> = {
  '<mac>': /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/,
  '<tag>': /^(?!\.{1,2}$|_index$)[A-Za-z0-9+\-=.,_:@]{1,128}$/,
};

const root: Branch = { fixed: new Map() };
for (const group of metadataGroups) for (const path of groupPaths[group]) grow(path, group);
for (const path of ungroupedPaths) grow(path, undefined);

/** Finds a canonical path ('' is the version's root) in the closed lists. Whatever is asked of the node comes from here. */
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
  // A slip of the lists ends the program at its start, not as a leak.
  if (isNodeCredentials(path)) throw new Error(`${path} may be in no list`);
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
