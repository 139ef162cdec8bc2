/** A command of a page. */
export interface PageCommand {
  readonly text: string;
  /** What its output contains, from the comment behind it. Undefined: the command only has to succeed. */
  readonly expected: string | undefined;
}

/** The commands of a block for the shell: lines, continued lines, and here-documents. */
export function commandsOf(block: string): PageCommand[] {
  const commands: PageCommand[] = [];
  let lines: string[] = [];
  let end: string | undefined;
  for (const line of block.trimEnd().split('\n')) {
    lines.push(line);
    if (end === undefined) end = /<<'?(\w+)'?/.exec(line)?.[1];
    else if (line === end) end = undefined;
    if (end !== undefined || line.endsWith('\\')) continue;
    const isOne = lines.length === 1;
    const [text = '', expected] = isOne ? line.split(' # ') : [lines.join('\n')];
    commands.push({ text: text.trimEnd(), expected });
    lines = [];
  }
  return commands;
}
