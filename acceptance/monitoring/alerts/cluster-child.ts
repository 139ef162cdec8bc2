// Runs one cluster of the plan in its network namespace, and prints what fires. Ends with its parent.
import { lastLines } from '@rolegate/testing';
import { serveCalls } from '../../processes/serve-calls.ts';
import { clusterPlans, isWanted } from './clusters.ts';
import type { Round } from './fault.ts';
import { readRunbook } from './rules/runbook.ts';
import { expectCalm, runRound } from './run-round.ts';
import type { RoundResult } from './run-round.ts';
import { openAlertCluster } from './world/cluster.ts';
import type { AlertCluster } from './world/cluster.ts';

export interface ClusterRun {
  readonly name: string;
  readonly prometheus: string;
  readonly ruleFile: string;
  /** Pattern for the titles and alerts of the faults to run. */
  readonly only: string;
}

const stack = new AsyncDisposableStack();
let opened: { readonly cluster: AlertCluster; readonly rounds: readonly Round[] } | undefined;

const calls = {
  async open({ name, only, ...files }: ClusterRun): Promise<void> {
    const plan = clusterPlans.find((one) => one.name === name);
    if (plan === undefined) throw new Error(`there is no cluster ${name}`);
    const cluster = await openAlertCluster({ ...plan.options, ...files }, stack);
    const pattern = new RegExp(only, 'i');
    const rounds = plan.rounds
      .map((round) => round.filter((fault) => isWanted(fault, pattern)))
      .filter((round) => round.length > 0);
    opened = { cluster, rounds };
  },
  async run(): Promise<RoundResult[]> {
    if (opened === undefined) throw new Error('the cluster is not open');
    const { cluster, rounds } = opened;
    const chapters = await readRunbook();
    const results: RoundResult[] = [];
    try {
      await expectCalm(cluster);
      for (const round of rounds) {
        const result = await runRound(cluster, round, chapters);
        results.push(result);
        print(cluster, result);
      }
    } finally {
      await stack.disposeAsync();
    }
    return results;
  },
};

function print({ lines }: AlertCluster, { fired, problems }: RoundResult): void {
  for (const { alert, firedAfterMs, endedAfterMs, fault } of fired)
    console.log(
      `fired   ${alert} after ${seconds(firedAfterMs)}, ended after ${seconds(endedAfterMs)}: ${fault}`,
    );
  for (const problem of problems) console.log(`FAILED  ${problem}`);
  if (problems.length > 0) for (const line of lastLines(lines)) console.log(line);
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(0)} s`;

export type ClusterCalls = typeof calls;

serveCalls(calls);
