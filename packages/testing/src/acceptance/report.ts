import { readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** The cells of a row. */
export type Row = readonly string[];

/** Replaces the text between the suite's two markers in a file. Throws if they are missing. */
export function writeReport(file: string, suite: string, report: string): Promise<void> {
  return writeBetween(file, [`<!-- ${suite} begins -->`, `<!-- ${suite} ends -->`], report);
}

/** Replaces the text between two markers in a file. */
export async function writeBetween(
  file: string,
  [begin, end]: readonly [string, string],
  report: string,
): Promise<void> {
  const text = await readFile(file, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} does not have the markers ${begin} and ${end}`);
  await writeFile(file, `${text.slice(0, from + begin.length)}\n\n${report}\n\n${text.slice(to)}`);
}

/** The date and machine of a run. Call it before the run, because the load is that of the last minute. */
export function describeMachine(date: Date): string {
  const models = cpus();
  return (
    `${date.toISOString().slice(0, 10)}, Linux ${release()}, ${models.length} × ${models[0]?.model.trim() ?? 'unknown'}, ` +
    `${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}; load before the run ${(loadavg()[0] ?? 0).toFixed(1)}`
  );
}
