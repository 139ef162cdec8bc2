import { parseJson, record, textOf } from '@rolegate/runtime';
import type { PermittingEntry, PermittingNamespace } from '../answers/server-role.ts';
import { optionalText } from './change.ts';
import type { AnnotationPatch, Change } from './change.ts';

const PERMITTED = 'iam.amazonaws.com/permitted';
const ALLOWED = 'iam.amazonaws.com/allowed-roles';
/** In an expression with these, a | does not separate alternatives of the whole. */
const NESTED = /[()[\]]|\\[Q|]/;

/** How a Namespace's rules stop to permit a role. */
export interface NamespacePlan {
  readonly namespace: string;
  /** Undefined: nothing can be removed, or nothing without taking other roles. */
  readonly change: Change | undefined;
  /** Entries that permit other roles too; they stay, unless they are removed on purpose. */
  readonly wide: readonly PermittingEntry[];
  /** With the change the rules permit the role no more. */
  readonly withdraws: boolean;
  /** The role is its default role. */
  readonly isDefaultRole: boolean;
}

export interface NamespacePlanning {
  /** What the server said. */
  readonly permitting: PermittingNamespace;
  /** The Namespace as the API server sends it now. */
  readonly object: unknown;
  /** Rules that permit other roles are removed as well. */
  readonly removeWide: boolean;
}

/** Undefined: the Namespace's rules are not those that the server knows, so it must be asked again. */
export function planNamespace({
  permitting,
  object,
  removeWide,
}: NamespacePlanning): NamespacePlan | undefined {
  const { namespace, rules, isDefaultRole } = permitting;
  const { annotations, uid, resourceVersion } = record(record(object)['metadata']);
  const live = record(annotations);
  const was = { [PERMITTED]: optionalText(live[PERMITTED]), [ALLOWED]: optionalText(live[ALLOWED]) };
  const wide = rules.filter(({ exact }) => !exact);
  const removed = removeWide ? rules : rules.filter(({ exact }) => exact);
  const of = (annotation: string) => removed.filter((rule) => rule.annotation === annotation);
  const set = {
    ...withoutAlternatives(was[PERMITTED], of(PERMITTED)),
    ...withoutPatterns(was[ALLOWED], of(ALLOWED)),
  };
  const asked = new Set(removed.map(({ annotation }) => annotation));
  if (Object.keys(set).length < asked.size) return undefined;
  return {
    namespace,
    wide,
    isDefaultRole,
    withdraws: removeWide || wide.length === 0,
    change:
      asked.size === 0
        ? undefined
        : {
            kind: 'namespace',
            namespace: undefined,
            name: namespace,
            uid: textOf(uid),
            resourceVersion: textOf(resourceVersion),
            was: Object.fromEntries(Object.entries(was).filter(([key]) => Object.hasOwn(set, key))),
            set,
          },
  };
}

/** The expression without these alternatives; without all of it if the whole is removed. Empty if it does not have them. */
function withoutAlternatives(text: string | undefined, removed: readonly PermittingEntry[]): AnnotationPatch {
  if (removed.length === 0 || text === undefined) return {};
  const whole = removed.find(({ exact }) => !exact);
  if (whole !== undefined) return isWhole(text.trim(), whole.entry) ? { [PERMITTED]: null } : {};
  const alternatives = text.trim().split('|');
  const entries = removed.map(({ entry }) => entry);
  if (NESTED.test(text) || !entries.every((entry) => alternatives.includes(entry))) return {};
  const rest = alternatives.filter((alternative) => !entries.includes(alternative));
  return { [PERMITTED]: rest.length === 0 ? null : rest.join('|') };
}

/** The server cuts long expressions and ends them in dots. */
function isWhole(text: string, entry: string): boolean {
  return text === entry || (entry.endsWith('...') && text.startsWith(entry.slice(0, -3)));
}

/** The list without these patterns, or no list if none is left. Empty if it does not have them. */
function withoutPatterns(text: string | undefined, removed: readonly PermittingEntry[]): AnnotationPatch {
  if (removed.length === 0 || text === undefined) return {};
  const list = parseJson(text);
  if (!Array.isArray(list)) return {};
  const entries = removed.map(({ entry }) => entry);
  // The server names /path/name without its slash.
  const bare = (pattern: unknown) => textOf(pattern).replace(/^\//, '');
  const patterns = list.map(bare);
  if (!entries.every((entry) => patterns.includes(entry))) return {};
  const rest = list.filter((pattern) => !entries.includes(bare(pattern)));
  return { [ALLOWED]: rest.length === 0 ? null : JSON.stringify(rest) };
}
