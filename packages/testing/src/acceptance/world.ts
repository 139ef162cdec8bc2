/** What a suite of acceptance steps runs in. Each suite extends it with its own parts. */
export interface World extends AsyncDisposable {
  /** A temporary folder that is removed with the world. */
  readonly folder: string;
  /** What the programs under test have logged, oldest first. */
  readonly lines: readonly ProgramLine[];
}

export interface ProgramLine {
  readonly program: string;
  readonly line: string;
}

const MOST_LINES = 20;
const MOST_CHARACTERS = 400;

/** The last lines that a person wants to see below a failed step: debug lines are thousands and left out. */
export function lastLines(lines: readonly ProgramLine[]): string[] {
  return lines
    .filter(({ line }) => !line.includes('"level":"debug"'))
    .slice(-MOST_LINES)
    .map(({ program, line }) => `      ${program}: ${line.slice(0, MOST_CHARACTERS)}`);
}
