import { describeError } from '../../packages/runtime/src/index.ts';
import { budget } from './steps/budget.ts';
import { exec } from './steps/exec.ts';
import type { ActName } from './steps/names.ts';
import { newPod } from './steps/new-pod.ts';
import { node } from './steps/node.ts';
import { server } from './steps/server.ts';
import { sessions } from './steps/sessions.ts';
import { warm } from './steps/warm.ts';
import { describeMachine, machineLoad } from './machine.ts';
import type { Options } from './options.ts';
import { parseOptions, USAGE } from './options.ts';
import type { Place } from './place.ts';
import { openPlace } from './place.ts';
import { writeReport } from './report.ts';
import type { Row } from './row.ts';
import { markdownTable, missList, textTable } from './table.ts';

const acts: Readonly<Record<ActName, (place: Place) => Promise<Row[]>>> = {
  exec,
  warm,
  'new-pod': newPod,
  sessions,
  budget,
  server,
  node,
};

async function main(): Promise<number> {
  const options = optionsOrWhy(process.argv.slice(2));
  if (typeof options === 'string') {
    console.error(`${USAGE}\n\nbench: ${options}`);
    return 2;
  }
  const [date, load] = [new Date(), machineLoad()];
  const { rows, failed } = await measure(options);
  const machine = describeMachine(date, load);
  const how = options.quick ? 'quick: small numbers, measures nothing' : `${options.rounds} rounds`;
  console.log(`\n${textTable(rows)}\n\n${machine}; ${how}\n\n${missList(rows)}`);
  if (options.report !== undefined && !failed)
    await writeReport(options.report, `${machine}; ${how}.\n\n${markdownTable(rows)}`);
  return failed ? 1 : 0;
}

/** What was asked for, or why it cannot be done. */
function optionsOrWhy(words: readonly string[]): Options | string {
  try {
    return parseOptions(words);
  } catch (error) {
    return describeError(error);
  }
}

async function measure(options: Options): Promise<{ rows: Row[]; failed: boolean }> {
  await using place = await openPlace(options);
  const rows: Row[] = [];
  let failed = false;
  for (const name of options.only) {
    const startMs = performance.now();
    try {
      rows.push(...(await acts[name](place)));
      console.error(`${name}: took ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
    } catch (error) {
      failed = true;
      console.error(`${name}: not measured:`, error);
    }
  }
  return { rows, failed };
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error('bench:', error);
  process.exitCode = 2;
}
