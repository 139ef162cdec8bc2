/** The last line of a log in JSON lines that has all these fields. Throws where there is none. */
export function logLine(log: string, wanted: Readonly<Record<string, unknown>>): string {
  const found = log.split('\n').findLast((line) => {
    const fields = parse(line);
    return Object.entries(wanted).every(([name, value]) => fields[name] === value);
  });
  if (found === undefined) throw new Error(`the log has no line with ${JSON.stringify(wanted)}`);
  return found;
}

function parse(line: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
