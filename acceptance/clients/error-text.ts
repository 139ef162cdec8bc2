import { reasons } from '@rolegate/protocol';

const MOST_CHARACTERS = 200;

/** The error as code in a cell of a table. */
export function errorCell(error: string): string {
  const cut = error.length > MOST_CHARACTERS ? `${error.slice(0, MOST_CHARACTERS)}…` : error;
  return `\`${cut.replaceAll('`', "'")}\``;
}

/** The shortest and the longest in seconds. */
export function secondsCell(tookMs: readonly number[]): string {
  const seconds = [Math.min(...tookMs), Math.max(...tookMs)].map((ms) => (ms / 1000).toFixed(1));
  return [...new Set(seconds)].join('–');
}

/** Replaces what differs from one refusal or request to the next, so that rows can be shared and runs compared. */
export function withPlaceholders(error: string): string {
  let text = error.replaceAll(/\s+/g, ' ').trim();
  text = text.replaceAll(/\{\\?"Code\\?":.*?\}/g, 'BODY').replaceAll(/%7B%22Code%22\S*/g, 'BODY');
  for (const [reason, { meaning }] of Object.entries(reasons))
    text = text.replaceAll(reason, 'CODE').replaceAll(new RegExp(escaped(meaning), 'gi'), 'MESSAGE');
  return text
    .replaceAll(/arn(:|%3A)aws\S*?role(\/|%2F)team(\/|%2F)\w+/gi, 'ROLE')
    .replaceAll(/\b(401|403|404|503)\b( (Unauthorized|Forbidden|Not Found|Service Unavailable))?/g, 'STATUS')
    .replaceAll(/(?<=metadata-token: )[\w-]+/gi, 'TOKEN')
    .replaceAll(/@[0-9a-f]{6,8}\b/g, '@ID')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'ID')
    .replaceAll(/\b\d+(\.\d+)? ?(ms|µs|seconds)\b/g, 'N $2');
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
