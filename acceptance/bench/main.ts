import { describeError } from '@rolegate/runtime';
import { describeMachine, runSteps, writeBetween } from '@rolegate/testing';
import type { Step } from '@rolegate/testing';
import type { Options, PartName } from './options.ts';
import { parseOptions, USAGE } from './options.ts';
import type { Row } from './row.ts';
import { budget } from './steps/budget.ts';
import { byToken } from './steps/by-token.ts';
import { exec } from './steps/exec.ts';
import { logs } from './steps/logs.ts';
import { newPod } from './steps/new-pod.ts';
import { node } from './steps/node.ts';
import { scale } from './steps/scale.ts';
import { server } from './steps/server.ts';
import { sessions } from './steps/sessions.ts';
import { warm } from './steps/warm.ts';
import { markdownOf, missList, textTable } from './table.ts';
import { openWorld } from './world.ts';
import type { BenchWorld } from './world.ts';

const MARKERS = ['<!-- made by npm run bench: begin -->', '<!-- made by npm run bench: end -->'] as const;

const parts: Readonly<Record<PartName, Step<BenchWorld>>> = {
  exec: measuring('exec: agents start and answer', exec),
  warm: measuring("warm: Pods are answered from the agent's memory", warm),
  'by-token': measuring('by-token: Pods are answered by their ServiceAccount tokens', byToken),
  'new-pod': measuring('new-pod: new Pods get their first credentials', newPod),
  sessions: measuring('sessions: a server issues many sessions at once', sessions),
  budget: measuring('budget: a server spends no more than its share of the STS quota', budget),
  server: measuring('server: a server starts with a large cluster', server),
  logs: measuring('logs: the kubectl plugin shows the logs of busy agents', logs),
  node: measuring("node: the agent's Pod is idle on a node full of Pods", node),
  scale: measuring('scale: three servers serve a simulated cluster', scale),
};

function measuring(title: string, measure: (bench: BenchWorld) => Promise<Row[]>): Step<BenchWorld> {
  return {
    title,
    async run(bench) {
      bench.rows.push(...(await measure(bench)));
    },
  };
}

async function main(): Promise<number> {
  const options = optionsOrWhy(process.argv.slice(2));
  if (typeof options === 'string') {
    console.error(`${USAGE}\n\nbench: ${options}`);
    return 2;
  }
  const machine = describeMachine(new Date());
  const { rows, failed } = await measure(options);
  const how = roundsOf(options);
  console.log(`\n${textTable(rows)}\n\n${machine}; ${how}\n\n${missList(rows)}`);
  if (options.report !== undefined && failed === 0)
    await writeBetween(options.report, MARKERS, `${machine}; ${how}.\n\n${markdownOf(rows)}`);
  return failed === 0 ? 0 : 1;
}

function roundsOf({ quick, only, rounds }: Options): string {
  if (quick) return 'quick: small numbers, measures nothing';
  // A simulated cluster is measured once.
  return only.every((part) => part === 'scale') ? 'one round' : `${rounds} rounds`;
}

/** The options, or why they are invalid. */
function optionsOrWhy(words: readonly string[]): Options | string {
  try {
    return parseOptions(words);
  } catch (error) {
    return describeError(error);
  }
}

async function measure(options: Options): Promise<{ rows: readonly Row[]; failed: number }> {
  await using world = await openWorld(options);
  const steps = options.only.map((name) => parts[name]);
  // Never aborted. Each part has its own timeouts.
  const { signal } = new AbortController();
  const { failed } = await runSteps({ steps, world, print: console.error, signal });
  return { rows: world.rows, failed };
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error('bench:', error);
  process.exitCode = 2;
}
