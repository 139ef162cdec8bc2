import { readFile, writeFile } from 'node:fs/promises';
import { arch, availableParallelism, cpus } from 'node:os';
import type { Part, PartOutcome } from './step.ts';
import { markdownTable } from './table.ts';

const BEGIN = '<!-- test:chaos begins -->';
const END = '<!-- test:chaos ends -->';

export interface PlayedPart {
  readonly part: Pick<Part, 'title'>;
  readonly outcome: PartOutcome;
}

/** Replaces what stands between the two markers of the file. Throws where they are not there. */
export async function writeReport(path: string, played: readonly PlayedPart[]): Promise<void> {
  const text = await readFile(path, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${path} lacks ${BEGIN} and ${END}`);
  const before = text.slice(0, begin + BEGIN.length);
  await writeFile(path, `${before}\n\n${reportOf(played)}\n\n${text.slice(end)}`);
}

function reportOf(played: readonly PlayedPart[]): string {
  const day = new Date().toISOString().slice(0, 10);
  const machine = `${availableParallelism()} cores ${arch()}, ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.versions.node}`;
  return [`Measured on ${day}: ${machine}.`, ...played.flatMap(partOf)].join('\n\n');
}

function partOf({ part, outcome }: PlayedPart): string[] {
  const { head, rows, faults, notes = [] } = outcome;
  return [
    `### ${part.title}`,
    markdownTable(head, rows),
    ...(notes.length > 0 ? [notes.map((note) => `- ${note}`).join('\n')] : []),
    ...(faults.length > 0 ? [`Bounds broken:\n\n${faults.map((fault) => `- ${fault}`).join('\n')}`] : []),
  ];
}
