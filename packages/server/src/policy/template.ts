import { createHash } from 'node:crypto';

/** Whom one session is for (`--session-scope`). */
export type SessionScope = 'pod' | 'workload' | 'role';

/** What templates can name. */
export interface TemplateValues {
  readonly cluster: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly pod: string;
  readonly uid: string;
  readonly node: string;
}

/** What is the same for all that share a session: anything else in a template would undo the sharing. */
const PLACEHOLDERS: Readonly<Record<SessionScope, readonly (keyof TemplateValues)[]>> = {
  role: ['cluster'],
  workload: ['cluster', 'namespace', 'serviceAccount'],
  pod: ['cluster', 'namespace', 'serviceAccount', 'pod', 'uid', 'node'],
};

/** Hexadecimal digits of the hash that a cut ends in. */
export const HASH_CHARS = 8;

/** What is wrong with a template, for the operator who set it; undefined if it is valid. */
export function checkTemplate(text: string, scope: SessionScope = 'pod'): string | undefined {
  if (text === '') return 'the template is empty';
  const known = PLACEHOLDERS[scope];
  const list = known.map((name) => `{${name}}`).join(' ');
  for (const [whole, name] of text.matchAll(/\{([^{}]*)\}/g)) {
    if (known.some((word) => word === name)) continue;
    return PLACEHOLDERS.pod.some((word) => word === name)
      ? `${whole} differs between those who share a session of scope ${scope}, where templates can name ${list}`
      : `${whole} is not known; templates can name ${list}`;
  }
  return /[{}]/.test(text.replace(/\{[^{}]*\}/g, ''))
    ? `a brace has no partner; templates can name ${list}`
    : undefined;
}

/** The template with its placeholders replaced; one that checkTemplate refuses stays as it is written. */
export function renderTemplate(text: string, values: TemplateValues): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (isPlaceholder(name) ? values[name] : whole));
}

/** Cut to `longest` characters; a cut ends in a hash of `identity`, so that two long texts stay two. */
export function cut(text: string, longest: number, identity: string = text): string {
  return text.length <= longest ? text : endInHash({ text, longest, identity, digits: HASH_CHARS });
}

export interface HashedEnd {
  readonly text: string;
  readonly longest: number;
  /** What the hash is of. */
  readonly identity: string;
  /** Hexadecimal, of the hash. */
  readonly digits: number;
}

/** The text, as much of it as fits, and a hash. */
export function endInHash({ text, longest, identity, digits }: HashedEnd): string {
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, digits);
  return `${text.slice(0, longest - digits - 1)}-${hash}`;
}

function isPlaceholder(name: string): name is keyof TemplateValues {
  return PLACEHOLDERS.pod.some((word) => word === name);
}
