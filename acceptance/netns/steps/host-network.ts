import { readFile } from 'node:fs/promises';
import { curlBothPaths, sendFrom } from '../send-from-pod.ts';
import { findSentinel } from '../../stand-ins/sentinels.ts';
import { AGENT_USER } from '../program-flags.ts';
import { inMode } from '../step.ts';
import { shorten, expectNoProblems } from '../checks.ts';
import { readAgentMetric } from '../agent-metrics.ts';
import { directly } from './requests.ts';

async function expectUnprivileged(pid: number): Promise<void> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const isAgent = new RegExp(`^Uid:\\s+${AGENT_USER}\\s`, 'm').test(status);
  if (!isAgent || !/^CapEff:\s+0+$/m.test(status) || !/^CapBnd:\s+0+$/m.test(status))
    throw new Error(
      `the agent has more privileges than it should: ${(status.match(/^(Uid|Cap).*/gm) ?? []).join(' ')}`,
    );
}

/** Processes of the node, and host-network Pods, which look the same. */
export const hostNetworkSteps = inMode('up', [
  {
    title: "The node's own processes reach the metadata API as before",
    async run({ node }) {
      const answers = await curlBothPaths(node);
      expectNoProblems(
        answers
          .filter(({ body }) => findSentinel(body) === undefined)
          .map(({ path, family, code }) => `${path} by ${family}: exit code ${String(code)}`),
      );
    },
  },
  {
    title: 'The agent does not answer a Pod on the host network',
    async run({ node }) {
      const answers = await sendFrom(node, { kind: 'tcp', requests: directly, atOnce: 6, silenceMs: 1_500 });
      const answered = answers.filter(({ text }) => text !== '');
      expectNoProblems(answered.map(({ name, text }) => `${name}: ${shorten(text)}`));
    },
  },
  {
    title:
      "The agent, which has no capabilities, reports that the node's IMDS accepts requests without a token",
    async run(world) {
      await expectUnprivileged(world.state.running('agent').pid);
      const open = await readAgentMetric(world, 'rolegate_node_imdsv1_open');
      if (open !== 1) throw new Error(`rolegate_node_imdsv1_open is ${String(open)}`);
    },
  },
]);
