import { onOneLine } from '@rolegate/runtime';
import type { Output } from '../output/output.ts';
import { wrap } from '../output/wrap.ts';
import type { Link, LinkState } from './link.ts';
import type { Page } from './page.ts';
import type { RecentRefusal } from './refusals.ts';

/** Problems are in capitals, as in the status. */
const MARKS = {
  ok: 'ok',
  broken: 'BROKEN',
  warning: 'WARNING',
  unreached: '-',
  unknown: '?',
} as const satisfies Record<LinkState, string>;
/** Of the names of facts and links, and of the marks, with their gaps. Columns. */
const NAME_WIDTH = 16;
const MARK_WIDTH = 9;
/** In a narrower terminal, texts are below their names. Columns. */
const LEAST_FOR_COLUMNS = 72;

type Look = Pick<Output, 'width' | 'colors'>;
type Paint = (text: string) => string;

/**
 * The page for people, as wide as the terminal. Texts are wrapped, not cut; commands have lines of their own, whole, so that they
 * can be copied. Control characters in foreign text are escaped.
 */
export function pageText(page: Page, look: Look): string {
  const parts = [
    [
      ...fact('Pod', page.uid === undefined ? page.pod : `${page.pod} (${page.uid})`, look),
      ...(isThere(page) ? fact('role', roleText(page), look) : []),
      ...sourceLines(page, look),
    ],
    page.links.flatMap((link) => linkLines(link, link.next !== page.next, look)),
    ...(isThere(page) ? [refusalLines(page, look)] : []),
    [
      ...fact('verdict', page.verdict, look, verdictPaint(page, look)),
      ...(page.next === undefined ? [] : fact('next', page.next, look)),
      ...commandLines(page.commands, NAME_WIDTH, look),
    ],
  ];
  return parts.map((lines) => lines.map((line) => `${line}\n`).join('')).join('\n');
}

/** False if nobody knows the Pod. */
function isThere({ links }: Page): boolean {
  return links.length > 1;
}

function roleText({ role, decision }: Page): string {
  if (role === undefined) return decision === 'pending' ? 'not decided yet' : 'none';
  return decision === 'deny' ? `${role}, refused` : role;
}

/** What the agent remembers is not what a server would decide now. */
function sourceLines({ decidedBy, serverFault }: Page, look: Look): readonly string[] {
  if (decidedBy === 'server' || serverFault === undefined) return [];
  const says =
    decidedBy === 'agent'
      ? `no server explains the Pod (${serverFault}); the decision is the one that the agent remembers`
      : `no server explains the Pod: ${serverFault}`;
  return fact('server', says, look, look.colors.warning);
}

function fact(name: string, text: string, look: Look, paint?: Paint): readonly string[] {
  return row({ shown: name, columns: name, width: NAME_WIDTH }, text, look, paint);
}

function linkLines({ name, state, says, details, next, commands }: Link, withNext: boolean, look: Look) {
  const isShown = withNext && next !== undefined && state !== 'ok';
  const paint = paintOf(state, look);
  const mark = paint(MARKS[state]);
  const head = {
    shown: `${name} ${mark}`,
    columns: `${name.padEnd(NAME_WIDTH)}${mark}${' '.repeat(MARK_WIDTH - MARKS[state].length)}`,
    width: NAME_WIDTH + MARK_WIDTH,
  };
  return [
    ...row(head, says, look, state === 'ok' ? undefined : paint),
    ...details.flatMap((detail) => indented(detail, look)),
    ...(isShown ? indented(`next: ${next}`, look) : []),
    ...(isShown ? commandLines(commands, NAME_WIDTH + MARK_WIDTH, look) : []),
  ];
}

function refusalLines({ refusals, refusalsFault }: Page, look: Look): readonly string[] {
  if (refusalsFault !== undefined) return fact('last refusals', `not read: ${refusalsFault}`, look);
  if (refusals.length === 0) return fact('last refusals', 'none known of the last hour', look);
  const hints = [...new Set(refusals.flatMap(({ hint }) => hint ?? []))];
  return [
    ...refusals.flatMap((one, at) => fact(at === 0 ? 'last refusals' : '', refusalText(one), look)),
    ...hints.flatMap((hint) => fact('', `hint: ${hint}`, look, look.colors.faint)),
  ];
}

function refusalText({ time, count, reason, asked, status, detail }: RecentRefusal): string {
  const answer = status === undefined ? reason : `${status} ${reason}`;
  const often = count === 1 ? '' : `(${count} times)`;
  return [time, asked, '→', answer, often, detail ?? ''].filter((part) => part !== '').join(' ');
}

interface Head {
  readonly shown: string;
  /** With the spaces that fill its columns. */
  readonly columns: string;
  /** Of `columns`, without colors. */
  readonly width: number;
}

/** A text beside its name, or below it in a narrow terminal. */
function row(head: Head, text: string, { width }: Look, paint: Paint = (plain) => plain): readonly string[] {
  const plain = onOneLine(text);
  if (width < LEAST_FOR_COLUMNS) {
    const below = wrap(plain, width - 2).map((line) => `  ${paint(line)}`);
    return head.shown === '' ? below : [head.shown, ...below];
  }
  const room = head.columns.padEnd(head.width);
  return wrap(plain, width - head.width).map(
    (line, at) => `${at === 0 ? room : ' '.repeat(head.width)}${paint(line)}`,
  );
}

function indented(text: string, { width, colors }: Look): readonly string[] {
  const indent = ' '.repeat(width < LEAST_FOR_COLUMNS ? 4 : NAME_WIDTH + MARK_WIDTH);
  return wrap(onOneLine(text), width - indent.length).map((line) => `${indent}${colors.faint(line)}`);
}

/** Whole, and at the left if one is long: a terminal that wraps it copies it as one line. */
function commandLines(
  commands: readonly string[],
  usual: number,
  { width, colors }: Look,
): readonly string[] {
  const indent = commands.every(({ length }) => usual + length <= width) ? usual : 2;
  return commands.map((command) => `${' '.repeat(indent)}${colors.strong(onOneLine(command))}`);
}

function paintOf(state: LinkState, { colors }: Look): Paint {
  switch (state) {
    case 'ok':
      return colors.good;
    case 'broken':
      return colors.bad;
    case 'warning':
    case 'unknown':
      return colors.warning;
    case 'unreached':
      return colors.faint;
  }
}

function verdictPaint({ broken, links }: Page, { colors }: Look): Paint {
  if (broken !== undefined) return colors.bad;
  return links.some(({ state }) => state === 'warning' || state === 'unknown') ? colors.warning : colors.good;
}
