import { parseArgs } from 'node:util';
import { describeError } from '@rolegate/runtime';
import { runProgramOnce } from '@rolegate/sandbox';
import { matrix } from './matrix/steps.ts';
import { dayOfChurn } from './steps/day.ts';
import { floods } from './parts.ts';
import { kubernetesTrouble } from './kubernetes-trouble.ts';
import { revocation } from './revocation.ts';
import { stsDiscipline } from './steps/sts-quota.ts';
import type { Part, PartOptions, PartOutcome } from './step.ts';
import { markdownTable } from './table.ts';
import { writeReport } from './report.ts';

const USAGE = `npm run test:chaos [-- OPTIONS]

Makes everything fail in turn, on loopback with the built programs, and counts what Pods are answered meanwhile.
  --part NAME       only this part (repeatable): PARTS
  --only PATTERN    of the matrix only the cells whose names match, as 'STS kill'
  --report FILE     writes the tables into the file, between its two markers`;

/** Whatever hangs, the run ends. Milliseconds. */
const LONGEST_MS = 470_000;

const parts: readonly Part[] = [matrix, stsDiscipline, revocation, floods, kubernetesTrouble, dayOfChurn];

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      part: { type: 'string', multiple: true, default: [] },
      only: { type: 'string', default: '' },
      report: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const wanted = parts.filter(({ name }) => values.part.length === 0 || values.part.includes(name));
  if (values.help || wanted.length < values.part.length) {
    console.log(USAGE.replace('PARTS', parts.map(({ name }) => name).join(', ')));
    return values.help ? 0 : 2;
  }
  const played = await playParts(wanted, new RegExp(values.only, 'i'));
  if (values.report !== undefined) await writeReport(values.report, played);
  const faults = played.flatMap(({ part, outcome }) =>
    outcome.faults.map((fault) => `${part.name}: ${fault}`),
  );
  const rows = played.reduce((sum, { outcome }) => sum + outcome.rows.length, 0);
  for (const fault of faults) console.log(`FAULT ${fault}`);
  console.log(`${rows} rows, ${faults.length} faults`);
  return faults.length === 0 && rows > 0 ? 0 : 1;
}

async function playParts(wanted: readonly Part[], only: RegExp) {
  const signal = AbortSignal.timeout(LONGEST_MS);
  const agentFlags = await stateFlags();
  const played: { part: Part; outcome: PartOutcome }[] = [];
  for (const part of wanted) {
    const startMs = performance.now();
    console.log(`--- ${part.title}`);
    const print = (line: string, faults: readonly string[] = []) => {
      console.log(`${faults.length === 0 ? 'ok   ' : 'FAULT'} ${line}`);
      for (const fault of faults) console.log(`      ${fault}`);
    };
    const outcome = await play(part, { print, only, signal, ...(agentFlags && { agentFlags }) });
    console.log(`\n${markdownTable(outcome.head, outcome.rows)}\n`);
    console.log(`${part.name}: ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
    played.push({ part, outcome });
  }
  return played;
}

/** A part that breaks off is a fault, and does not keep the others from being played. */
async function play(part: Part, options: PartOptions): Promise<PartOutcome> {
  try {
    return await part.play(options);
  } catch (error) {
    return { head: ['broken off'], rows: [], faults: [describeError(error)] };
  }
}

/** Of agents that keep their state. */
async function stateFlags(): Promise<((folder: string) => readonly string[]) | undefined> {
  const { output } = await runProgramOnce('agent', ['--help']);
  return output.includes('--state-dir') ? (folder) => ['--state-dir', `${folder}/state`] : undefined;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`test:chaos: ${describeError(error)}`);
  process.exitCode = 2;
}
