/** The remaining steps for a list of globs, so that the cost of a long list over a long text is limited. */
export interface Work {
  left: number;
}

/** For the operator's globs, which have no limit. */
const unlimited = (): Work => ({ left: Infinity });

const STAR = 0x2a;
const QUESTION = 0x3f;

/**
 * Matches the whole text: `*` matches any characters, slashes included, `?` one character. It backtracks only to the last `*`, so
 * the time is at most length of pattern × length of text. Undefined if the steps run out.
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
      // The text after the last star has already been compared.
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

/** Whether the text ends like the pattern after its last `*`. Most patterns of a long list fail here or at their start. */
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
