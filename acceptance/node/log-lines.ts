import { parsedLine } from '../processes/log-line.ts';

/** The last line of a JSON log that has all these fields. Throws if there is none. */
export function logLine(log: string, wanted: Readonly<Record<string, unknown>>): string {
  const found = log.split('\n').findLast((line) => {
    const fields = parsedLine(line);
    return Object.entries(wanted).every(([name, value]) => fields[name] === value);
  });
  if (found === undefined) throw new Error(`the log has no line with ${JSON.stringify(wanted)}`);
  return found;
}
