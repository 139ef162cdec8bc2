import { createFirewallCallers } from '../addresses/firewall-callers.ts';
import type { CniResults } from '../addresses/cni-results.ts';
import type { AgentMode } from './agent-mode.ts';
import type { FirewallConfig } from '../config/config.ts';

export interface FirewallModeDeps {
  readonly config: FirewallConfig;
  readonly cniResults: Pick<CniResults, 'owner'>;
}

/** No Pod has a role: needs no server and no certificate, and never holds. */
export function createFirewallMode({ config, cniResults }: FirewallModeDeps): AgentMode {
  const callers = createFirewallCallers({
    cniResults,
    nodeIps: config.hostIps,
    hasExceptions: hasExceptions(config),
  });
  const session = () => undefined;
  return {
    callers,
    table: { pod: () => undefined, isRemoved: () => false, session, onChange: () => () => undefined },
    readings: {
      pods: () => [],
      session,
      cachedSessions: () => [],
      peek: callers.identify,
      source: () => 'cni',
      server: undefined,
    },
    reporter: undefined,
    tokenSources: undefined,
    isNamed: () => false,
    canAnswer: () => true,
    kept: () => ({}),
    checks: [],
    services: [],
  };
}

/** Something is open despite the mode. */
export function hasExceptions({ metadataGroups, allowPaths }: FirewallConfig): boolean {
  return metadataGroups.size + allowPaths.length > 0;
}
