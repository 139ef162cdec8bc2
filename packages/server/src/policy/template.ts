import { createHash } from 'node:crypto';

/** Which Pods share a session (`--session-scope`). */
export type SessionScope = 'pod' | 'workload' | 'role';

/** The values of placeholders. */
export interface TemplateValues {
  readonly cluster: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly pod: string;
  readonly uid: string;
  readonly node: string;
}

/** Placeholders whose value is the same for all Pods that share a session; others would undo the sharing. */
const PLACEHOLDERS: Readonly<Record<SessionScope, readonly (keyof TemplateValues)[]>> = {
  role: ['cluster'],
  workload: ['cluster', 'namespace', 'serviceAccount'],
  pod: ['cluster', 'namespace', 'serviceAccount', 'pod', 'uid', 'node'],
};

/** Hexadecimal digits of the hash at the end of a cut text. */
export const HASH_CHARS = 8;

/** What is wrong with a template; undefined if it is valid. */
export function checkTemplate(text: string, scope: SessionScope = 'pod'): string | undefined {
  if (text === '') return 'the template is empty';
  const known = PLACEHOLDERS[scope];
  const list = known.map((name) => `{${name}}`).join(' ');
  for (const [whole, name] of text.matchAll(/\{([^{}]*)\}/g)) {
    if (known.some((word) => word === name)) continue;
    return PLACEHOLDERS.pod.some((word) => word === name)
      ? `${whole} differs between Pods that share a session of scope ${scope}; templates can contain ${list}`
      : `${whole} is not known; templates can contain ${list}`;
  }
  return /[{}]/.test(text.replace(/\{[^{}]*\}/g, ''))
    ? `a brace is not closed or not opened; templates can contain ${list}`
    : undefined;
}

/** Replaces the placeholders; unknown ones are left unchanged. */
export function renderTemplate(text: string, values: TemplateValues): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (isPlaceholder(name) ? values[name] : whole));
}

/** Cuts to `longest` characters. A cut text ends in a hash of `identity`, so that different texts stay different. */
export function cut(text: string, longest: number, identity: string = text): string {
  return text.length <= longest ? text : endInHash({ text, longest, identity, digits: HASH_CHARS });
}

export interface HashedEnd {
  readonly text: string;
  readonly longest: number;
  /** The input of the hash. */
  readonly identity: string;
  /** Hexadecimal digits of the hash. */
  readonly digits: number;
}

/** The beginning of the text and a hash. */
export function endInHash({ text, longest, identity, digits }: HashedEnd): string {
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, digits);
  return `${text.slice(0, longest - digits - 1)}-${hash}`;
}

function isPlaceholder(name: string): name is keyof TemplateValues {
  return PLACEHOLDERS.pod.some((word) => word === name);
}
