import { textFacts } from '@rolegate/runtime';
import type { RecentRefusal } from './evidence.ts';
import type { Link, LinkState } from './link.ts';
import type { Page } from './page.ts';

/** Problems are in capitals, as in the status. */
const MARKS: Readonly<Record<LinkState, string>> = {
  ok: 'ok',
  broken: 'BROKEN',
  warning: 'WARNING',
  unreached: '-',
  unknown: '?',
};
const MARK_WIDTH = 9;

/** The page for people, one fact a line. Control characters in foreign text are escaped. */
export function pageText(page: Page): string {
  return textFacts([
    ['Pod', page.uid === undefined ? page.pod : `${page.pod} (${page.uid})`],
    ['node', page.node ?? 'none yet'],
    ['role', page.role ?? 'none'],
    ...page.links.flatMap(linkLines),
    ...page.refusals.map((one, at) => [at === 0 ? 'last refusals' : '', refusalText(one)] as const),
    ['verdict', page.verdict],
    ['next', page.next],
  ]);
}

function linkLines({ name, state, says, details, next }: Link): (readonly [string, string])[] {
  const indent = ' '.repeat(MARK_WIDTH);
  return [
    [name, `${MARKS[state].padEnd(MARK_WIDTH)}${says}`],
    ...details.map((detail) => ['', `${indent}${detail}`] as const),
    ...(next === undefined || state === 'ok' ? [] : [['', `${indent}next: ${next}`] as const]),
  ];
}

function refusalText({ time, reason, asked, status, detail }: RecentRefusal): string {
  const answer = status === undefined ? reason : `${status} ${reason}`;
  return [time, asked, `→ ${answer}`, detail ?? ''].filter((part) => part !== '').join(' ');
}
