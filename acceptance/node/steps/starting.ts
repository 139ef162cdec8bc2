import type { MetricSamples } from '@rolegate/testing';
import { agentMetrics, growth } from '../agent-metrics.ts';
import { firstCredentials, judgeFirstCredentials } from '../first-credentials.ts';
import { nobodyReached } from '../imds-log.ts';
import type { NodeStep } from '../step.ts';
import type { NodeWorld } from '../world.ts';

/** Many Pods at once. */
export function starting({ kubectl, installation, pods, imdsLog, podsAtOnce, say }: NodeWorld): NodeStep[] {
  return [
    {
      title: `${podsAtOnce} Pods started at the same time get their own credentials on the first try with boto3's defaults`,
      async run() {
        const [agent = ''] = await installation.pods('agent');
        const before = await agentMetrics(kubectl, agent);
        await pods.startMany(podsAtOnce);
        const { faults, figures } = judgeFirstCredentials(await firstCredentials(kubectl, podsAtOnce));
        const both = [before, await agentMetrics(kubectl, agent)] as const;
        for (const line of [...figures, ...agentFigures(both)]) say(line);
        if (faults.length > 0)
          throw new Error(`${faults.length} of ${podsAtOnce} failed:\n${faults.join('\n')}`);
        await pods.removeMany();
      },
    },
    { title: "No Pod reached the node's metadata API", run: () => nobodyReached(imdsLog) },
  ];
}

function agentFigures(both: readonly [MetricSamples, MetricSamples]): string[] {
  const duration = 'rolegate_request_duration_seconds';
  const [sum, count] = [growth(both, `${duration}_sum`).total, growth(both, `${duration}_count`).total];
  return [
    `the agent answered ${count} requests, in ${((1000 * sum) / count).toFixed(1)} ms on the average`,
    `first requests: ${growth(both, 'rolegate_first_request_total').text}`,
    `held: ${growth(both, 'rolegate_holds_total').text}`,
  ];
}
