/** A parsed line of a program's JSON log. */
export interface LogLine {
  readonly msg?: string;
  readonly [field: string]: unknown;
}

/** A line that is not JSON becomes `msg`. */
export function parsedLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { msg: line };
  }
}
