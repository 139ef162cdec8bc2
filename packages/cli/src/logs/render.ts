import { onOneLine } from '@rolegate/runtime';
import type { Colors } from '../output/colors.ts';
import { describeEntry } from './describe.ts';
import { field } from './entry.ts';
import type { LogEntry } from './entry.ts';
import type { Joined, Shown } from './fold.ts';

/** Longer lines are cut. Characters. */
const LONGEST = 4_000;
/** A column grows with its texts up to this, so that one long name does not move all others. Characters. */
const WIDEST_COLUMN = 32;

/** Writes what is shown as text lines. It remembers the widths of columns and the day. */
export function createRenderer(colors: Colors): (shown: Shown) => string {
  const widths = { node: 0, program: 0, pod: 0 };
  let day = '';

  function column(name: keyof typeof widths, text: string): string {
    widths[name] = Math.min(WIDEST_COLUMN, Math.max(widths[name], text.length));
    return text.padEnd(widths[name]);
  }

  /** A new day has a line of its own, so that the others need no date. */
  function dayLine(iso: string): string {
    if (iso.slice(0, 10) === day) return '';
    day = iso.slice(0, 10);
    return `${colors.faint(`${day} (UTC)`)}\n`;
  }

  return (shown) => {
    const entry = shown.kind === 'line' ? shown.entry : shown.like;
    const iso = isoOf(shown.kind === 'line' ? entry.atMs : shown.untilMs);
    const head = [
      colors.faint(clockOf(iso)),
      column('node', onOneLine(nodeOf(entry))),
      column('program', programOf(entry)),
      column('pod', onOneLine(podOf(entry))),
    ];
    const words =
      shown.kind === 'line'
        ? `${joinOf(shown.joined)}${wordsOf(entry, colors)}`
        : colors.faint(onOneLine(`… ${shown.count} more like this${likeOf(entry)}`));
    return `${dayLine(iso)}${[...head, words].join('  ').slice(0, LONGEST)}\n`;
  };
}

function joinOf(joined: Joined): string {
  if (joined === 'no') return '';
  return joined === 'above' ? '└ ' : `└ about the request at ${clockOf(isoOf(joined.earlierMs))}: `;
}

function wordsOf(entry: LogEntry, colors: Colors): string {
  const { what, reason, detail, hint } = describeEntry(entry);
  const paint = paintOf(entry, colors);
  const why = [reason, detail].filter((each) => each !== undefined).join(': ');
  return [
    paint(onOneLine(what)),
    ...(why === '' ? [] : [paint(onOneLine(why))]),
    ...(hint === undefined ? [] : [colors.faint(onOneLine(`hint: ${hint}`))]),
  ].join('  ');
}

function paintOf({ fields }: LogEntry, colors: Colors): (text: string) => string {
  const level = field(fields, 'level');
  if (level === 'error') return colors.bad;
  const isCalm = level !== 'warn' && field(fields, 'reason') === undefined;
  return isCalm ? (text) => text : colors.warning;
}

function likeOf({ fields }: LogEntry): string {
  const reason = field(fields, 'reason');
  const message = field(fields, 'msg');
  const what = reason ?? message;
  return what === undefined ? '' : ` (${what})`;
}

/** The node that a line is about. A server's line is not about the server's own node. */
function nodeOf({ source, fields }: LogEntry): string {
  return field(fields, 'node') ?? (source.component === 'agent' ? source.node : '-');
}

/** The container's name is the program's; two servers are told apart. */
function programOf({ source }: LogEntry): string {
  return source.component === 'server' ? source.pod.slice(-WIDEST_COLUMN) : source.container;
}

function podOf({ fields }: LogEntry): string {
  const pod = field(fields, 'pod');
  const namespace = field(fields, 'namespace');
  if (pod === undefined) return namespace === undefined ? '-' : `${namespace}/`;
  return namespace === undefined || pod.includes('/') ? pod : `${namespace}/${pod}`;
}

/** The time of the day with milliseconds. */
function clockOf(iso: string): string {
  return iso.slice(11, 23);
}

function isoOf(atMs: number): string {
  return Number.isFinite(atMs) ? new Date(atMs).toISOString() : new Date(0).toISOString();
}
