import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CommandResult } from '@rolegate/testing';

const FOLDER = fileURLToPath(new URL('../../../docs/figures/kubectl-rolegate', import.meta.url));

/** What differs between two runs on the same node, and what stands for it in a comparison. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  [/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME'],
  // One for each day, so a run around midnight has one more.
  [/^\d{4}-\d\d-\d\d \(UTC\)\n/gm, ''],
  [/\b\d\d:\d\d:\d\d(\.\d+)?\b/g, 'TIME'],
  [/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'UID'],
  [/\b[0-9a-f]{8}-\d+\b/g, 'REQUEST'],
  [/\bASIA[A-Z0-9]{12,}\b|…[A-Z0-9]{4}\b/g, 'KEY'],
  [/\brolegate-agent-[a-z0-9]{5}\b/g, 'AGENT'],
  [/\brolegate-server-[a-z0-9]{6,10}-[a-z0-9]{5}\b/g, 'SERVER'],
  [/\bkiam-agent-[a-z0-9]{5}\b/g, 'KIAM-AGENT'],
  [/\bkiam-server-[a-z0-9]{6,10}-[a-z0-9]{5}\b/g, 'KIAM-SERVER'],
  [/(?<=requests refused in the last ten minutes: )\d+/g, 'COUNT'],
  // The metadata addresses are always the same.
  [/\b(?!169\.254\.)\d{1,3}(\.\d{1,3}){3}\b/g, 'ADDRESS'],
  [/\b\d+(ms|[smhd])(\d+[smh])*\b/g, 'AGE'],
  [/\b\d+ more minutes\b/g, 'AGE'],
  [/\b(\w+Ms)=[\d.]+/g, '$1=AGE'],
  [/\(\d+ s\)/g, '(AGE)'],
  // Where a line is wrapped and how wide a table is depends on what is in it.
  [/\n +/g, ' '],
  [/ {2,}|─+/g, ' '],
  [/ +$/gm, ''],
];

/** The part of a transcript that every run on the same node must print. */
export function masked(transcript: string): string {
  return VARYING.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), transcript);
}

/** What a user sees of a command: its line, its output, then what it wrote to stderr. */
export function sessionOf(args: readonly string[], { stdout, stderr }: CommandResult): string {
  const words = args.map((word) => (/^[\w./:=@+-]+$/.test(word) ? word : `'${word}'`));
  return `$ kubectl rolegate ${words.join(' ')}\n${stdout}${stderr}`;
}

/** The transcripts of the documentation, docs/figures/kubectl-rolegate/NAME.txt. */
export function createTranscripts({ write }: { write: boolean }) {
  return {
    /** Writes the transcript, or throws if the one of the documentation differs in more than what varies. */
    async check(name: string, sessions: readonly string[]): Promise<void> {
      const transcript = sessions.join('\n');
      const path = join(FOLDER, `${name}.txt`);
      if (write) {
        await mkdir(FOLDER, { recursive: true });
        await writeFile(path, transcript);
        return;
      }
      const difference = firstDifference(masked(await readFile(path, 'utf8')), masked(transcript));
      if (difference !== undefined)
        throw new Error(`${name}.txt differs, ${difference}; --write-transcripts writes it:\n${transcript}`);
    },
  };
}

export type Transcripts = ReturnType<typeof createTranscripts>;

/** Undefined: there is none. */
export function firstDifference(documented: string, printed: string): string | undefined {
  const [before, now] = [documented.split('\n'), printed.split('\n')];
  const at = Array.from({ length: Math.max(before.length, now.length) }).findIndex(
    (_, line) => before[line] !== now[line],
  );
  if (at < 0) return undefined;
  return `line ${at + 1}: documented ${JSON.stringify(before[at])}, printed ${JSON.stringify(now[at])}`;
}
