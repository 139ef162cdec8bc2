/**
 * Whole match: `*` is any run, slashes included, `?` one character, all else itself. It only ever goes back to the last
 * `*`, so the time is bounded by length of pattern × length of text, whatever they are.
 */
export function globMatches(pattern: string, text: string): boolean {
  let at = 0;
  let read = 0;
  let star = -1;
  let starRead = 0;
  while (read < text.length) {
    if (pattern[at] === '*') {
      star = at++;
      starRead = read;
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[read])) {
      at++;
      read++;
    } else if (star >= 0) {
      at = star + 1;
      read = ++starRead;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}
