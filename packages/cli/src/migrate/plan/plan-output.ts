import { onOneLine } from '@rolegate/runtime';
import { jsonText } from '../../output/json-text.ts';
import type { Output } from '../../output/output.ts';
import type { Plan } from './make-plan.ts';
import { writePlan } from './write-plan.ts';
import type { WrittenFile } from './write-plan.ts';

export interface PlanOutput {
  readonly output: Output;
  readonly format: 'text' | 'json';
  readonly folder: string;
  /** The file to read first. */
  readonly page: string;
}

/** Writes the files of a plan and says what was written and what is left to the user. */
export async function printPlan(plan: Plan, { output, format, folder, page }: PlanOutput): Promise<void> {
  const files = await writePlan(folder, plan.files);
  await output.print(
    format === 'json' ? jsonText({ files, notes: plan.notes }) : text(files, plan, `${folder}/${page}`),
  );
}

function text(files: readonly WrittenFile[], { notes }: Plan, page: string): string {
  return [
    ...files.map(
      ({ path, how, before }) =>
        `${path}: ${how}${before === undefined ? '' : `; what it had is in ${before}`}`,
    ),
    ...notes.map(({ about, what }) => `left to you: ${onOneLine(about)}: ${onOneLine(what)}`),
    `Next: read ${page}`,
    '',
  ].join('\n');
}
