import { readFile } from 'node:fs/promises';
import { askBoth, sendFrom } from '../asking.ts';
import { findSentinel } from '../../stand-ins/sentinels.ts';
import { AGENT_USER } from '../program-flags.ts';
import { inMode } from '../step.ts';
import { cutShort, expectNone } from '../verdicts.ts';
import { readAgentMetrics } from '../agent-metrics.ts';
import { directly } from './requests.ts';

async function expectUnprivileged(pid: number): Promise<void> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const isAgent = new RegExp(`^Uid:\\s+${AGENT_USER}\\s`, 'm').test(status);
  if (!isAgent || !/^CapEff:\s+0+$/m.test(status) || !/^CapBnd:\s+0+$/m.test(status))
    throw new Error(
      `the agent may do more than it should: ${(status.match(/^(Uid|Cap).*/gm) ?? []).join(' ')}`,
    );
}

/** The node's own processes, and Pods on its network, which cannot be told from them. */
export const hostNetworkSteps = inMode('up', [
  {
    title: "the node's own processes reach the metadata API as before",
    async run({ node }) {
      const answers = await askBoth(node);
      expectNone(
        answers
          .filter(({ body }) => findSentinel(body) === undefined)
          .map(({ path, family, code }) => `${path} by ${family}: exit code ${String(code)}`),
      );
    },
  },
  {
    title: 'the agent answers nothing to a Pod on the host network',
    async run({ node }) {
      const came = await sendFrom(node, { kind: 'tcp', sent: directly, atOnce: 6, silenceMs: 1_500 });
      const answered = came.filter(({ text }) => text !== '');
      expectNone(answered.map(({ name, text }) => `${name}: ${cutShort(text)}`));
    },
  },
  {
    title:
      "the agent, without a capability, reports that the node's own metadata API takes requests without a token",
    async run({ programs, state }) {
      await expectUnprivileged(state.running('agent').pid);
      const open = (await readAgentMetrics(programs)).get('rolegate_node_imdsv1_open');
      if (open !== 1) throw new Error(`rolegate_node_imdsv1_open is ${String(open)}`);
    },
  },
]);
