/** Needs no quotes in a shell. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** One word of a shell's command line. */
export function quoted(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
