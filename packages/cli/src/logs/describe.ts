import { hintFor, isReason, reasons, roleArnParts } from '@rolegate/protocol';
import { field } from './entry.ts';
import type { LogEntry, LogFields } from './entry.ts';

/** A line in words. */
export interface Description {
  /** What was asked and the answer, or what happened. */
  readonly what: string;
  readonly reason: string | undefined;
  /** The details of the reason, or of an error. */
  readonly detail: string | undefined;
  readonly hint: string | undefined;
}

/** What a Pod asked for, by the route of its request. */
const ASKED: Readonly<Record<string, string>> = {
  token: 'metadata token',
  list: 'role name',
  credentials: 'credentials',
  'iam-info': 'IAM info',
  metadata: 'metadata',
  blocked: 'blocked path',
  malformed: 'malformed request',
  'container-credentials': 'container credentials',
};
/** Fields that are shown elsewhere, or that say nothing to a person. */
const ELSEWHERE = new Set(
  'time level msg node pod namespace uid reason detail error hint requestId audit sessionId first firstRequest pid hostname component'.split(
    ' ',
  ),
);
/** Of a line that is no answer to a Pod. */
const MOST_FIELDS = 8;
/** Characters. */
const LONGEST_VALUE = 120;

export function describeEntry({ fields, text }: LogEntry): Description {
  if (fields === undefined) return { what: text, reason: undefined, detail: undefined, hint: undefined };
  const reason = field(fields, 'reason');
  const known = reason !== undefined && isReason(reason) ? reason : undefined;
  return {
    what: isAnswer(fields) ? answer(fields) : event(fields),
    reason,
    detail:
      field(fields, 'detail') ??
      field(fields, 'error') ??
      (known === undefined ? undefined : reasons[known].meaning),
    hint: field(fields, 'hint') ?? (known === undefined ? undefined : hintFor(known)),
  };
}

/** Whether the line is an agent's answer to a Pod. */
function isAnswer(fields: LogFields): boolean {
  return typeof fields['status'] === 'number' && field(fields, 'route') !== undefined;
}

function answer(fields: LogFields): string {
  const route = field(fields, 'route') ?? '';
  const role = field(fields, 'role');
  const waited = field(fields, 'waitedFor');
  const asked = [
    field(fields, 'method'),
    Object.hasOwn(ASKED, route) ? ASKED[route] : route,
    ...(role === undefined ? [] : ['of', shortRole(role)]),
    ...(field(fields, 'pod') === undefined ? ['from', field(fields, 'ip') ?? 'an unknown address'] : []),
  ];
  const facts = [
    ...(fields['first'] === true ? ['first credentials'] : []),
    ...(waited === undefined ? [] : [`waited for ${waited}`]),
    ...(fields['cache'] === 'hold' ? [`held ${Math.round(Number(fields['durationMs'] ?? 0))} ms`] : []),
    ...(field(fields, 'tokenPod') === undefined ? [] : [`token of ${field(fields, 'tokenPod') ?? ''}`]),
  ];
  const status = `${String(fields['status'])}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`;
  return `${asked.filter((word) => word !== undefined && word !== '').join(' ')} → ${status}`;
}

function event(fields: LogFields): string {
  const more = Object.entries(fields).filter(([name, value]) => !ELSEWHERE.has(name) && value !== null);
  const shown = more.slice(0, MOST_FIELDS).map(([name, value]) => `${name}=${valueOf(value)}`);
  const rest = more.length > MOST_FIELDS ? ['…'] : [];
  return [field(fields, 'msg') ?? '', ...shown, ...rest].join(' ');
}

function valueOf(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const short = text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
  return short.includes(' ') && typeof value === 'string' ? JSON.stringify(short) : short;
}

/** The path and name of a role ARN, which is mostly of one account. */
function shortRole(role: string): string {
  return role.startsWith('arn:') ? roleArnParts(role).pathAndName : role;
}
