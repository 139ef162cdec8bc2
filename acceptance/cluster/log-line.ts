/** A line of a program's log, as far as it is JSON. */
export interface LogLine {
  readonly msg?: string;
  readonly [field: string]: unknown;
}

export function parsedLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { msg: line };
  }
}
