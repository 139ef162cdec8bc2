/** A word of a POSIX shell's command line, whatever is in it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A script that stops at the first failure and at a variable that is not set. `about` is its comment. */
export function shellScript(about: string, body: string): string {
  const comment = about
    .split('\n')
    .map((line) => `# ${line}\n`)
    .join('');
  return `#!/bin/sh\n${comment}set -eu\n\n${body}`;
}
