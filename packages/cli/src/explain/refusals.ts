import { hintFor, isReason } from '@rolegate/protocol';
import { textOf } from '@rolegate/runtime';
import { number, text } from '../answers/fields.ts';

/** Equal refusals of a Pod, from the log of its node's agent. */
export interface RecentRefusal {
  /** Of the newest. */
  readonly time: string;
  /** How often, as far as the log was read. */
  readonly count: number;
  readonly reason: string;
  /** Method and route, as logged. */
  readonly asked: string;
  readonly status: number | undefined;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
}

/** Whose refusals are looked for. */
export interface RefusedPod {
  readonly namespace: string;
  readonly name: string;
  /** Undefined: of any Pod with this name. */
  readonly uid: string | undefined;
  /** Refusals from these count too, if no Pod was known to own the address. */
  readonly ips: readonly string[];
}

type LogFields = Readonly<Record<string, unknown>>;

/** The refusals of one Pod among the log lines of its node's agents, equal ones together, the newest last. */
export function refusalsOf(lines: readonly LogFields[], pod: RefusedPod): readonly RecentRefusal[] {
  const byKind = new Map<string, RecentRefusal>();
  for (const line of lines.filter((each) => isOf(each, pod))) {
    const refusal = refusalOf(line);
    const key = refusal === undefined ? suppressedKind(line, byKind) : kindOf(refusal);
    const earlier = byKind.get(key);
    const newest = refusal ?? earlier;
    if (newest === undefined) continue;
    byKind.set(key, { ...newest, count: (earlier?.count ?? 0) + (refusal?.count ?? leftOut(line)) });
  }
  return [...byKind.values()].toSorted((a, b) => (a.time < b.time ? -1 : 1));
}

function kindOf({ reason, asked, status, detail }: RecentRefusal): string {
  return JSON.stringify([reason, asked, status, detail]);
}

/** A storm is logged as its first lines, and then as a number of lines for the reason. */
function suppressedKind(line: LogFields, byKind: ReadonlyMap<string, RecentRefusal>): string {
  const ofReason = [...byKind].filter(([, { reason }]) => reason === line['reason']);
  return ofReason.at(-1)?.[0] ?? '';
}

function leftOut(line: LogFields): number {
  return number(line['leftOut']) ?? 0;
}

function isOf(line: LogFields, { namespace, name, uid, ips }: RefusedPod): boolean {
  if (line['pod'] === undefined) return ips.includes(textOf(line['ip']));
  if (line['namespace'] !== namespace || line['pod'] !== name) return false;
  return uid === undefined || line['uid'] === undefined || line['uid'] === uid;
}

/** Undefined if the line is no answer, or no refusal. */
function refusalOf(line: LogFields): RecentRefusal | undefined {
  const [reason, status, route] = [text(line['reason']), number(line['status']), text(line['route'])];
  if (reason === undefined || status === undefined || route === undefined) return undefined;
  return {
    time: textOf(line['time']),
    count: 1,
    reason,
    asked: [textOf(line['method']), route].filter((word) => word !== '').join(' '),
    status,
    detail: detailOf(line),
    hint: text(line['hint']) ?? (isReason(reason) ? hintFor(reason) : undefined),
  };
}

function detailOf(line: LogFields): string | undefined {
  const waitedFor = text(line['waitedFor']);
  return text(line['detail']) ?? (waitedFor === undefined ? undefined : `waited for ${waitedFor}`);
}
