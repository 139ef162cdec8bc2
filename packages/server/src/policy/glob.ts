/** Steps that a list of globs may take: counted down, so that a long list over a long text costs no more than a short one. */
export interface Work {
  left: number;
}

/** For an operator's own globs, which have no limit. */
const unlimited = (): Work => ({ left: Infinity });

const STAR = 0x2a;
const QUESTION = 0x3f;

/**
 * Whole match: `*` is any run, slashes included, `?` one character, all else itself. It only ever goes back to the last
 * `*`, so the time is bounded by length of pattern × length of text, whatever they are. Undefined if the work runs out.
 */
export function globMatchesWithin(pattern: string, text: string, work: Work): boolean | undefined {
  const last = pattern.lastIndexOf('*');
  if (last >= 0 && !tailMatches(pattern, last, text, work)) return false;
  let at = 0;
  let read = 0;
  let star = -1;
  let starRead = 0;
  while (read < text.length) {
    if (--work.left < 0) return undefined;
    const code = at < pattern.length ? pattern.charCodeAt(at) : -1;
    if (code === STAR) {
      // What follows the last star has been compared already.
      if (at === last) return text.length - read >= pattern.length - 1 - last;
      star = at++;
      starRead = read;
    } else if (code === QUESTION || code === text.charCodeAt(read)) {
      at++;
      read++;
    } else if (star >= 0) {
      at = star + 1;
      read = ++starRead;
    } else {
      return false;
    }
  }
  while (pattern.charCodeAt(at) === STAR) at++;
  return at === pattern.length;
}

export function globMatches(pattern: string, text: string): boolean {
  return globMatchesWithin(pattern, text, unlimited()) === true;
}

/** Whether the text ends as the pattern does after its last `*`: most patterns of a long list fail here or at their start. */
function tailMatches(pattern: string, last: number, text: string, work: Work): boolean {
  const length = pattern.length - 1 - last;
  if (length > text.length) return false;
  for (let back = 1; back <= length; back++) {
    work.left--;
    const code = pattern.charCodeAt(pattern.length - back);
    if (code !== QUESTION && code !== text.charCodeAt(text.length - back)) return false;
  }
  return true;
}
