/** A script that stops at the first failure and at a variable that is not set. `about` is its comment. */
export function shellScript(about: string, body: string): string {
  const comment = about
    .split('\n')
    .map((line) => `# ${line}\n`)
    .join('');
  return `#!/bin/sh\n${comment}set -eu\n\n${body}`;
}
