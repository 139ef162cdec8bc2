import { canonicalIp } from '@rolegate/runtime';
import type { KnownPod } from '../feed/table/known-pod.ts';
import type { Callers } from './callers.ts';
import type { CniResults } from './cni-results.ts';

export interface FirewallCallersDeps {
  readonly cniResults: Pick<CniResults, 'owner'>;
  /** The node's own addresses, of both families. */
  readonly nodeIps: readonly string[];
  /** Some paths are open: the others are refused individually, instead of every request. */
  readonly hasExceptions: boolean;
}

/**
 * Makes a Pod of every address, known or not, with nothing permitted, so that no request is held. CNI results only supply names
 * for the log. All have one UID (none), because what is open is the same for all.
 */
export function createFirewallCallers({
  cniResults,
  nodeIps,
  hasExceptions,
}: FirewallCallersDeps): Pick<Callers, 'identify' | 'onChange' | 'onHandover'> {
  const own = new Set(nodeIps.map((ip) => canonicalIp(ip) ?? ip));

  function podAt(ip: string): KnownPod {
    const owner = cniResults.owner(ip);
    return {
      uid: '',
      namespace: owner?.namespace ?? '',
      name: owner?.name ?? '',
      serviceAccount: '',
      runtimeUid: '',
      ips: [ip],
      hostNetwork: false,
      ended: false,
      terminating: false,
      metadata: { denied: !hasExceptions },
      decision: { kind: 'deny', reason: 'MetadataDenied', message: '--mode is firewall' },
    };
  }

  return {
    identify(address) {
      const ip = canonicalIp(address) ?? address;
      return own.has(ip) ? { kind: 'node' } : { kind: 'pod', pod: podAt(ip) };
    },
    onChange: () => () => undefined,
    onHandover: () => () => undefined,
  };
}
