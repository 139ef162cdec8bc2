import type { Log } from '@rolegate/runtime';
import type { RunCommand } from './commands.ts';
import type { FamilyPlan } from './rules/rule.ts';

const HINT =
  "Pods' connections that are older than the rules can still reach the node's IMDS until they end. Check that the containers intercept and reconcile have NET_ADMIN. To end the connections now, run conntrack -D --orig-dst ADDRESS on the node.";

interface Deps {
  readonly run: RunCommand;
  readonly log: Log;
}

/**
 * Deletes the flows to the metadata address that are older than the rules: netfilter applies nat only to the first packet of a
 * flow. `all`: also those that other rules redirected; otherwise only those to the metadata address itself, so that Pods'
 * connections to the agent continue.
 */
export async function flushFlows(deps: Deps, { family, address }: FamilyPlan, all: boolean): Promise<void> {
  const which = ['--orig-dst', address, ...(all ? [] : ['--reply-src', address])];
  await deleteFlows(deps, family, address, which);
}

/** Deletes the flows to the agent's ports that were redirected before the guard existed. */
export async function flushRedirected(deps: Deps, { family, guarded }: FamilyPlan): Promise<void> {
  const listeners = guarded.flatMap(({ addresses, ports }) =>
    addresses.flatMap((address) => ports.map((port) => ({ address, port }))),
  );
  for (const { address, port } of listeners) {
    const to = ['-p', 'tcp', '--orig-dst', address, '--orig-port-dst', String(port)];
    await deleteFlows(deps, family, address, [...to, '--dst-nat']);
  }
}

async function deleteFlows(
  { run, log }: Deps,
  family: FamilyPlan['family'],
  address: string,
  which: readonly string[],
): Promise<void> {
  const { code, stderr } = await run('conntrack', ['-D', '-f', family, ...which]);
  // 1: no such flow.
  if (code > 1) log.warn('cannot flush conntrack entries', { address, error: stderr, hint: HINT });
}
