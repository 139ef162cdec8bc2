import { existsSync } from 'node:fs';
import type { Log } from '@rolegate/runtime';
import type { InterceptionConfig } from '../config/interception-flags.ts';
import { runCommand } from '../interception/commands.ts';
import { hasLegacyTables } from '../interception/backend.ts';
import { createInterception } from '../interception/interception.ts';
import { families } from '../interception/rules/metadata-addresses.ts';
import type { Family } from '../interception/rules/metadata-addresses.ts';
import { planInterception } from '../interception/rules/plan.ts';
import { createInterceptionLog } from '../interception/interception-log.ts';
import { startPodProcess } from '../self-test/pod-process.ts';
import { testInterception } from '../self-test/test-interception.ts';

/** Absent if the kernel has no IPv6 (ipv6.disable=1); fd00:ec2::254 is then unreachable. */
const IPV6_OF_KERNEL = '/proc/self/net/if_inet6';

const NOT_RUN =
  'The rules are installed but not tested. Run the test with CAP_SYS_ADMIN, unshare and --host-interface set, or turn it off with --self-test off.';
const INCONCLUSIVE =
  "Pods cannot reach the node's IMDS, but might get no answer from the agent. Check --host-interface. Look for iptables rules of other tools that match the metadata address or drop packets in INPUT.";

/** The families that this node has. */
function familiesOfNode(): readonly Family[] {
  return families.filter((family) => family === 'ipv4' || existsSync(IPV6_OF_KERNEL));
}

/** The rules that the configuration asks for, on this node. */
export function interceptionOf({ plan, backend }: InterceptionConfig, log: Log) {
  const present = familiesOfNode();
  return {
    plan: planInterception(plan).filter(({ family }) => present.includes(family)),
    interception: createInterception({
      run: runCommand,
      planOptions: plan,
      families: present,
      backend,
      log,
      hasTables: hasLegacyTables,
    }),
  };
}

/** Installs the rules once and tests them. Throws if a rule is missing or the test finds something open. */
export async function runIntercept(config: InterceptionConfig, log: Log): Promise<void> {
  const { plan, interception } = interceptionOf(config, log);
  const settled = await interception.settle({ flushAll: true });
  createInterceptionLog({ log }).settled(settled);
  // Without the link the metadata API still works: reconcile keeps trying.
  const faults = settled.left.filter(({ layer }) => layer !== 'link');
  if (faults.length > 0) {
    throw new Error(faults.map(({ layer, message }) => `${layer}: ${message}`).join('; '));
  }
  if (!config.selfTest) return;
  const result = await testInterception({
    ...config.plan,
    run: runCommand,
    plan,
    startPod: startPodProcess,
    redirected: async () => (await interception.settle()).redirected,
  });
  if (result.kind === 'not-run') log.warn('cannot run self-test', { error: result.why, hint: NOT_RUN });
  else if (result.open.length > 0) throw new Error(result.open.join('; '));
  else if (result.warnings.length > 0)
    log.warn('self-test inconclusive; traffic might not reach the agent', {
      error: result.warnings.join('; '),
      hint: INCONCLUSIVE,
    });
  else log.info('self-test passed');
}

/** Removes only rules, chains and the link of ours. */
export async function runUninstall(config: InterceptionConfig, log: Log): Promise<void> {
  await interceptionOf(config, log).interception.remove();
  log.info('interception removed');
}
