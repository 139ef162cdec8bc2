import type { StoredObject } from './object.ts';
import { Failure } from './status.ts';

/** True for an object whose labels the selector names. */
export type Selector = (object: StoredObject) => boolean;

const SET = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/;
const EQUALITY = /^([^!=\s]+)\s*(=|==|!=)\s*([^!=\s]*)$/;
const EXISTENCE = /^(!?)\s*([^!=\s()]+)$/;

/** A labelSelector as kube-apiserver reads it (k8s.io/apimachinery, pkg/labels). Null or '' selects everything. */
export function readSelector(text: string | null): Selector {
  // Commas between parentheses separate values.
  const parts = (text ?? '').split(/,(?![^(]*\))/).filter((part) => part.trim() !== '');
  const requirements = parts.map((part) => readRequirement(part.trim()));
  return ({ metadata: { labels } }) =>
    requirements.every((holds) => holds((labels as Record<string, string> | undefined) ?? {}));
}

function readRequirement(part: string): (labels: Readonly<Record<string, string>>) => boolean {
  const [, setKey = '', setOperator, values = ''] = SET.exec(part) ?? [];
  if (setOperator !== undefined) {
    const listed = values.split(',').map((value) => value.trim());
    return (labels) => listed.includes(labels[setKey] ?? ABSENT) === (setOperator === 'in');
  }
  const [, key = '', operator, value = ''] = EQUALITY.exec(part) ?? [];
  if (operator !== undefined) return (labels) => (labels[key] === value) === (operator !== '!=');
  const [, absent, name = ''] = EXISTENCE.exec(part) ?? [];
  if (absent !== undefined) return (labels) => name in labels === (absent === '');
  throw new Failure(400, `unable to parse requirement: found '${part}'`);
}

/** No label has this value. */
const ABSENT = '\0';
