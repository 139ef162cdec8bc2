import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from '@rolegate/runtime';
import { describeMachine, openFolder, outputOf, untilAborted, writeReport } from '@rolegate/testing';
import type { Outcome } from '@rolegate/testing';
import { createNamespaces } from '../../network/namespaces.ts';
import { startChild } from '../../processes/start-child.ts';
import type { Part, RunOptions } from '../part.ts';
import type { ClusterCalls } from './cluster-child.ts';
import { clusterPlans, isWanted } from './clusters.ts';
import type { ClusterPlan } from './clusters.ts';
import { renderReport, seenOf } from './report.ts';
import { renderRules } from './rules/rendered-rules.ts';
import { readRunbook } from './rules/runbook.ts';
import { shortenRules } from './rules/shorten.ts';
import type { RuleGroup, Shortening } from './rules/shorten.ts';
import type { RoundResult } from './run-round.ts';

/** 30 minutes become 90 s, and a day two minutes. The shortest wait is three scrapes. */
const SHORTENING: Shortening = { factor: 20, leastMs: 3_000, mostMs: 120_000 };

/** Alerts that faults of the built programs make fire in Prometheus. */
export const alertsPart: Part = { name: 'alerts', run };

async function run(options: RunOptions): Promise<Outcome> {
  const { only, print, report } = options;
  const machine = describeMachine(new Date());
  const plans = clusterPlans.filter(({ rounds }) => rounds.flat().some((fault) => isWanted(fault, only)));
  const helm = process.env['HELM'] ?? 'helm';
  try {
    await outputOf([helm, 'version'], { env: process.env });
  } catch {
    print('skipped: the alerts need helm; install it or set HELM');
    return { passed: 0, failed: 0, skipped: plans.length, notRun: 0 };
  }
  const groups = await renderRules(helm);
  const results = await runClusters(plans, groups, options);
  const fired = results.flatMap((result) => result.fired);
  const problems = results.flatMap((result) => result.problems);
  const chapters = await readRunbook();
  for (const one of fired) print(`\n${seenOf(one, chapters)}`);
  print('');
  for (const problem of problems) print(`FAILED  ${problem}`);
  const rules = groups.flatMap((group) => group.rules);
  if (report !== undefined)
    await writeReport(
      join(report, 'alerts-fired.md'),
      'monitoring alerts',
      renderReport({ machine, fired, rules, chapters }),
    );
  return { passed: fired.length, failed: problems.length, skipped: 0, notRun: 0 };
}

/** Runs the clusters at the same time, each in a network namespace that has only loopback. */
async function runClusters(
  plans: readonly ClusterPlan[],
  groups: readonly RuleGroup[],
  { prometheus, only, signal }: RunOptions,
): Promise<RoundResult[]> {
  await using stack = new AsyncDisposableStack();
  const ruleFile = join(await openFolder('rolegate-alerts-', stack), 'rules.yaml');
  // JSON is YAML.
  await writeFile(ruleFile, JSON.stringify({ groups: shortenRules(groups, SHORTENING) }));
  const namespaces = stack.use(createNamespaces({ prefix: `rga${process.pid}` }));
  const aborted = untilAborted(signal);
  const running: Promise<RoundResult[]>[] = [];
  // One after the other, because programs have a deadline to start.
  for (const { name } of plans) {
    await namespaces.make(name);
    await namespaces.ip(name, ['link set lo up']);
    const script = new URL('cluster-child.ts', import.meta.url);
    const child = stack.use(await startChild<ClusterCalls>(script, { through: namespaces.enter(name) }));
    const files = { prometheus, ruleFile };
    await Promise.race([child.call.open({ name, only: only.source, ...files }), aborted]);
    const results = Promise.race([child.call.run(undefined), aborted]);
    running.push(results.catch((error: unknown) => [{ fired: [], problems: [describeError(error)] }]));
  }
  return (await Promise.all(running)).flat();
}
