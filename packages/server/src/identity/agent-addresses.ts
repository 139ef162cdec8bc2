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
  /** The number of Pods by address. */
  const counts = new Map<string, number>();

  function count(pod: Pod | undefined, by: 1 | -1): void {
    if (pod === undefined || !isAgentPod(pod, allowed)) return;
    for (const network of new Set(pod.ips.map(networkOf))) {
      const now = (counts.get(network) ?? 0) + by;
      if (now > 0) counts.set(network, now);
      else counts.delete(network);
    }
  }

  // The first list may be complete before there is a certificate to serve with.
  for (const pod of pods.values()) count(pod, 1);
  pods.onChange((change) => {
    count(change.kind === 'removed' ? change.object : change.previous, -1);
    if (change.kind === 'set') count(change.object, 1);
  });
  return (address) => counts.has(networkOf(address));
}
