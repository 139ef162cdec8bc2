import { runGroup } from '@rolegate/runtime';
import type { Service } from '@rolegate/runtime';
import { createAnswers } from './composition/answers.ts';
import { createAgentCore } from './composition/core.ts';
import type { AgentDeps } from './composition/core.ts';
import { createOperations } from './composition/operations.ts';

/** Builds the agent and runs it until the signal aborts. Throws if the configuration is invalid. */
export async function runAgent(deps: AgentDeps, signal: AbortSignal): Promise<void> {
  // The parts outlive the signal: accepted requests are answered before they stop.
  const parts = new AbortController();
  const core = createAgentCore(deps, parts.signal);
  const answers = createAnswers(deps, core);
  const operations = createOperations(deps, core, answers);
  const { state, tokens, node, mode } = core;
  const { ops, probes } = operations.services;

  state.begin(() => ({ tokens: tokens.kept(), ...mode.kept() }));

  const answering: Service = {
    name: 'metadata',
    async run(group) {
      const until = AbortSignal.any([signal, group]);
      await Promise.all([answers.serving.run(until), answers.containerCredentials?.run(until)]);
      state.close();
      parts.abort();
    },
  };
  try {
    await operations.openStatus();
    await runGroup(
      [ops, answering, probes, ...node.services, ...mode.services, ...state.services],
      parts.signal,
    );
  } finally {
    parts.abort();
    await answers.close();
    await operations.close();
    deps.log.info('agent stopped');
  }
}
