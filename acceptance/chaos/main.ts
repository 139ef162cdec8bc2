import { markdownTable } from '@rolegate/runtime';
import { runProgramOnce } from '@rolegate/sandbox';
import {
  describeMachine,
  exitCodeOf,
  runSteps,
  suiteSignal,
  summaryOf,
  sumOfOutcomes,
  writeReport,
} from '@rolegate/testing';
import type { Outcome, ProgramLine } from '@rolegate/testing';
import { parsePartOptions } from '../processes/part-options.ts';
import { runSuite } from '../processes/run-suite.ts';
import { parts } from './parts.ts';
import type { Part } from './parts.ts';
import { createRunningWorlds } from './running-worlds.ts';
import type { PartWorld } from './step.ts';
import type { ChaosWorldOptions } from './world-programs.ts';

const SUITE = 'test:chaos';
const USAGE = `npm run ${SUITE} [-- OPTIONS]

Injects faults into each component of the built programs on loopback, and counts the answers that Pods get.
  --part NAME       only this part (repeatable): ${parts.map(({ name }) => name).join(', ')}
  --only PATTERN    only the matching faults of the matrix, such as 'STS kill'
  --report FILE     writes the tables between the markers in this file`;

/** Ends a run that hangs. Milliseconds. */
const LONGEST_MS = 470_000;

async function main(): Promise<number> {
  const given = parsePartOptions(parts, USAGE);
  if (typeof given === 'number') return given;
  const { wanted, only, report } = given;
  const machine = describeMachine(new Date());
  const signal = suiteSignal(LONGEST_MS);
  const agentFlags = await stateFlags();
  const chapters: string[] = [];
  const outcomes: Outcome[] = [];
  for (const part of wanted) {
    const { outcome, chapter } = await runPart(part, { only, signal, agentFlags });
    outcomes.push(outcome);
    chapters.push(chapter);
  }
  if (report !== undefined)
    await writeReport(report, SUITE, [`Measured on ${machine}.`, ...chapters].join('\n\n'));
  const outcome = sumOfOutcomes(outcomes);
  console.log(summaryOf(outcome));
  return exitCodeOf(outcome);
}

interface RunPartOptions extends Pick<ChaosWorldOptions, 'agentFlags'> {
  readonly only: RegExp;
  readonly signal: AbortSignal;
}

/** Returns the outcome of the steps and the chapter for the report. */
async function runPart(part: Part, { only, signal, agentFlags }: RunPartOptions) {
  const { title, head, keepsState = false, atOnce = 1, notes = [] } = part;
  console.log(`--- ${title}`);
  const startMs = performance.now();
  const lines: ProgramLine[] = [];
  const options: ChaosWorldOptions = { onLine: (program, line) => lines.push({ program, line }) };
  await using running = createRunningWorlds(keepsState ? { ...options, agentFlags } : options);
  const world: PartWorld = { lines, running, options, rows: new Map(), problems: [], notes: [...notes] };
  const steps = part.steps(only);
  const outcome = await runSteps({ steps, world, print: console.log, signal, atOnce });
  const rows = steps.flatMap((step) => world.rows.get(step.title) ?? []);
  console.log(`\n${markdownTable(head, rows)}\n`);
  console.log(`${part.name}: ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
  const chapter = [`### ${title}`, markdownTable(head, rows)];
  if (world.notes.length > 0) chapter.push(list(world.notes));
  if (world.problems.length > 0) chapter.push('Exceeded limits:', list(world.problems));
  return { outcome, chapter: chapter.join('\n\n') };
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}

/** Flags for agents that save their state; undefined for versions that cannot. */
async function stateFlags(): Promise<ChaosWorldOptions['agentFlags']> {
  const { output } = await runProgramOnce('agent', ['--help']);
  return output.includes('--state-dir') ? (folder) => ['--state-dir', `${folder}/state`] : undefined;
}

await runSuite(SUITE, main);
