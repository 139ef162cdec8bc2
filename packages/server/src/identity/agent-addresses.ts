import { createCounts } from '@rolegate/runtime';
import type { Pod } from '../kubernetes/objects/objects.ts';
import type { PodIndex } from '../kubernetes/objects/pod-index.ts';
import { networkOf } from '../limits/rate-limits.ts';
import { isAgentPod } from './agent-token.ts';
import type { AllowedAgents } from './agent-token.ts';

export interface AgentAddressesDeps {
  readonly pods: Pick<PodIndex, 'values' | 'onChange'>;
  readonly allowed: AllowedAgents;
}

/** Whether an agent's Pod has the address, or for IPv6 one of its /64. Not a proof: other Pods of the node may use it too. */
export function createAgentAddresses({ pods, allowed }: AgentAddressesDeps): (address: string) => boolean {
  const networks = createCounts<string>();

  function networksOf(pod: Pod | undefined): readonly string[] {
    return pod !== undefined && isAgentPod(pod, allowed) ? pod.ips.map(networkOf) : [];
  }

  // The first list may be complete before there is a certificate to serve with.
  for (const pod of pods.values()) networksOf(pod).forEach(networks.add);
  pods.onChange((change) => {
    networksOf(change.kind === 'removed' ? change.object : change.previous).forEach(networks.remove);
    if (change.kind === 'set') networksOf(change.object).forEach(networks.add);
  });
  return (address) => networks.of(networkOf(address)) > 0;
}
