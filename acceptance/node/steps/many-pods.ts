import type { MetricSamples } from '@rolegate/testing';
import { readAgentMetrics, increase } from '../agent-metrics.ts';
import { firstCredentials, judgeFirstCredentials } from '../first-credentials.ts';
import { expectNotReached } from '../imds-log.ts';
import type { NodeStep } from '../step.ts';
import type { NodeWorld } from '../world.ts';

/** Many Pods start at the same time. */
export function manyPods({ kubectl, installation, pods, imdsLog, podsAtOnce, say }: NodeWorld): NodeStep[] {
  return [
    {
      title: `${podsAtOnce} Pods started at the same time get their own credentials on the first try with boto3's defaults`,
      async run() {
        const [agent = ''] = await installation.pods('agent');
        const before = await readAgentMetrics(kubectl, agent);
        await pods.startMany(podsAtOnce);
        const { problems, figures } = judgeFirstCredentials(await firstCredentials(kubectl, podsAtOnce));
        const both = [before, await readAgentMetrics(kubectl, agent)] as const;
        for (const line of [...figures, ...agentFigures(both)]) say(line);
        if (problems.length > 0)
          throw new Error(`${problems.length} of ${podsAtOnce} failed:\n${problems.join('\n')}`);
        await pods.removeMany();
      },
    },
    { title: "No Pod reached the node's metadata API", run: () => expectNotReached(imdsLog) },
  ];
}

function agentFigures(both: readonly [MetricSamples, MetricSamples]): string[] {
  const duration = 'rolegate_request_duration_seconds';
  const [sum, count] = [increase(both, `${duration}_sum`).total, increase(both, `${duration}_count`).total];
  return [
    `the agent answered ${count} requests, in ${((1000 * sum) / count).toFixed(1)} ms on average`,
    `first requests: ${increase(both, 'rolegate_first_request_total').text}`,
    `held: ${increase(both, 'rolegate_holds_total').text}`,
  ];
}
