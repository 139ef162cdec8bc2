import { roleArnParts } from '@rolegate/protocol';
import { field, fieldsOf } from './entry.ts';
import type { LogFields, LogLine } from './entry.ts';

/** Which lines are shown. Undefined: all. */
export interface LogFilter {
  /** Namespace of the Pod that a line is about. */
  readonly namespace: string | undefined;
  /** NAME, or NAMESPACE/NAME. */
  readonly pod: string | undefined;
  /** ARN, path/name or name. */
  readonly role: string | undefined;
  readonly reason: string | undefined;
  readonly node: string | undefined;
}

/** True if the line is about everything that is asked for. A line that is not JSON is about its node alone. */
export function matches(filter: LogFilter, { text, source }: LogLine): boolean {
  const { namespace, pod, role, reason, node } = filter;
  if ([namespace, pod, role, reason, node].every((each) => each === undefined)) return true;
  const fields = fieldsOf(text);
  if (node !== undefined && !isAboutNode(fields, source.component === 'agent' ? source.node : '', node))
    return false;
  if (namespace !== undefined && field(fields, 'namespace') !== namespace) return false;
  if (pod !== undefined && !isAboutPod(fields, pod)) return false;
  if (role !== undefined && !isRole(field(fields, 'role'), role)) return false;
  return reason === undefined || field(fields, 'reason') === reason;
}

/**
 * Which lines to keep until the lines of their requests are together. A server's line of a request names no Pod, so that
 * the agent's line decides.
 */
export function keeps(filter: LogFilter, line: LogLine): boolean {
  return (line.requestId !== undefined && line.source.component === 'server') || matches(filter, line);
}

/** Whether to show lines of one request. */
export function showsAny(filter: LogFilter, lines: readonly LogLine[]): boolean {
  return lines.some((line) => matches(filter, line));
}

/** A server's lines name the node that they are about, or several. */
function isAboutNode(fields: LogFields | undefined, own: string, node: string): boolean {
  const named = fields?.['nodes'];
  return (
    (field(fields, 'node') ?? own) === node || (Array.isArray(named) && (named as unknown[]).includes(node))
  );
}

/** Also the Pod whose ServiceAccount token came from another address. */
function isAboutPod(fields: LogFields | undefined, wanted: string): boolean {
  const name = field(fields, 'pod');
  const full = name === undefined ? undefined : `${field(fields, 'namespace') ?? ''}/${name}`;
  const named = [full, field(fields, 'tokenPod')];
  return wanted.includes('/')
    ? named.includes(wanted)
    : named.some((each) => each?.slice(each.indexOf('/') + 1) === wanted);
}

function isRole(arn: string | undefined, wanted: string): boolean {
  if (arn === undefined) return false;
  if (arn === wanted) return true;
  const { pathAndName } = roleArnParts(arn);
  const plain = wanted.replace(/^\//, '');
  return pathAndName === plain || pathAndName.endsWith(`/${plain}`);
}
