import { readObject } from './answer.ts';
import type { Answer } from './answer.ts';
import { fields, flag, list, number, text } from './fields.ts';

/** A server prints at most 1,000. */
const MOST_NAMESPACES = 1_000;
const MOST_RULES = 4_096;
const MOST_CEILINGS = 256;

/** What `rolegate-server status --role --json` prints: which Namespaces permit a role. */
export interface ServerRole {
  /** Its ARN. */
  readonly role: string;
  /** Path/name under the role base ARN, else the ARN. */
  readonly roleName: string;
  readonly synced: boolean | undefined;
  readonly roleCeiling: readonly string[];
  /** Undefined: the base ARN is not known yet. */
  readonly insideCeiling: boolean | undefined;
  /** `audit`: permitted in all Namespaces. */
  readonly namespacePolicy: string | undefined;
  /** It is the `--default-role` of the servers. */
  readonly isDefaultRole: boolean;
  readonly namespaces: readonly PermittingNamespace[];
  /** Namespaces with rules that the server did not answer for. */
  readonly leftOut: number;
}

export interface PermittingNamespace {
  readonly namespace: string;
  readonly rules: readonly PermittingEntry[];
  /** The role is its `rolegate.dev/default-role`. */
  readonly isDefaultRole: boolean;
  /** Pods that have or request the role; undefined: not counted. */
  readonly pods: number | undefined;
}

export interface PermittingEntry {
  readonly annotation: string;
  readonly entry: string;
  /** It permits no other role. */
  readonly exact: boolean;
}

/** What the server says is wrong with the question is a value too, because the program exits with 1 and prints it as JSON. */
export function readServerRole(output: string): Answer<ServerRole | { readonly wrong: string }> {
  const answer = readObject(output, (given) => ({ given, role: roleFrom(given) }));
  if ('fault' in answer) return answer;
  const { given, role } = answer.value;
  return { value: role ?? { wrong: text(given['fault']) ?? 'the answer names no role' } };
}

function roleFrom(given: Readonly<Record<string, unknown>>): ServerRole | undefined {
  const role = text(given['role']);
  if (role === undefined || !Array.isArray(given['namespaces'])) return undefined;
  const settings = fields(given['settings']);
  return {
    role,
    roleName: text(given['roleName']) ?? role,
    synced: flag(given['synced']),
    roleCeiling: list(settings?.['roleCeiling'], text, MOST_CEILINGS),
    insideCeiling: flag(given['insideCeiling']),
    namespacePolicy: text(settings?.['namespacePolicy']),
    isDefaultRole: flag(given['isDefaultRole']) ?? false,
    namespaces: list(given['namespaces'], namespaceFrom, MOST_NAMESPACES),
    leftOut: number(given['leftOut']) ?? 0,
  };
}

function namespaceFrom(given: unknown): PermittingNamespace | undefined {
  const one = fields(given);
  const namespace = text(one?.['namespace']);
  if (one === undefined || namespace === undefined) return undefined;
  return {
    namespace,
    rules: list(one['rules'], entryFrom, MOST_RULES),
    isDefaultRole: flag(one['isDefaultRole']) ?? false,
    pods: number(one['pods']),
  };
}

function entryFrom(given: unknown): PermittingEntry | undefined {
  const one = fields(given);
  const [annotation, entry] = [text(one?.['annotation']), text(one?.['entry'])];
  if (annotation === undefined || entry === undefined) return undefined;
  return { annotation, entry, exact: flag(one?.['exact']) ?? false };
}
