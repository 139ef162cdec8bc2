import type { Log } from '@rolegate/runtime';
import type { RunCommand } from './commands.ts';
import type { FamilyPlan } from './plan.ts';

/**
 * Forgets the flows to the metadata address that began before the rules: netfilter asks nat only about the first packet of a
 * flow. `all`: those too that something else leads elsewhere; else only those that go to the metadata address itself, so that
 * Pods' connections to the agent go on.
 */
export async function flushFlows(
  { run, log }: { readonly run: RunCommand; readonly log: Log },
  { family, address }: FamilyPlan,
  all: boolean,
): Promise<void> {
  const which = ['--orig-dst', address, ...(all ? [] : ['--reply-src', address])];
  const { code, stderr } = await run('conntrack', ['-D', '-f', family, ...which]);
  // 1: there was none.
  if (code > 1) log.warn('flows not flushed', { address, error: stderr });
}
