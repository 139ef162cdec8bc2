import type { Log } from '@rolegate/runtime';
import type { KnownPod } from '../feed/table/known-pod.ts';
import type { CniResults } from './cni-results.ts';

/** What tells who owns an IP: the CNI results, or the Pods' own status if those are of no use. */
export type IpSource = 'cni' | 'pod-status';

export interface IpSourceDeps {
  /** Undefined: the agent was told of no directory. */
  readonly cniResults: Pick<CniResults, 'usable' | 'names' | 'states'> | undefined;
  readonly pods: () => readonly KnownPod[];
  /** UIDs of Pods that had a result while a previous process ran. */
  readonly hadResults?: ReadonlySet<string> | undefined;
  readonly log: Log;
  readonly metrics: { readonly ipSource: (source: IpSource) => void };
}

/** Decides again at each call; a change is logged and counted. */
export function createIpSource(deps: IpSourceDeps): () => IpSource {
  const { cniResults, log, metrics } = deps;
  let logged: IpSource | undefined;

  return () => {
    const fault = faultOf(deps);
    const source = fault === undefined ? 'cni' : 'pod-status';
    if (source === logged) return source;
    logged = source;
    metrics.ipSource(source);
    if (fault === undefined) log.info('reading Pod addresses from CNI results');
    else
      log.warn('CNI results unusable; reading Pod addresses from Pod status', {
        error: fault,
        directories: cniResults?.states(),
        hint: 'Check that --cni-cache-dir is where the container runtime keeps its CNI results.',
      });
    return source;
  };
}

/** Why the CNI results are of no use; undefined: they are. */
function faultOf({ cniResults, pods, hadResults }: IpSourceDeps): string | undefined {
  if (cniResults === undefined) return 'no directory of CNI results is configured';
  if (!cniResults.usable()) return 'no directory of CNI results can be read';
  const running = pods().filter((pod) => isLive(pod) && pod.ips.length > 0);
  // Some CNI plugins keep their results elsewhere: the directory is there, with nothing or leftovers in it.
  const isNamed = (pod: KnownPod) => cniResults.names(pod) || hadResults?.has(pod.uid) === true;
  if (running.length > 0 && !running.some(isNamed)) return 'the CNI results name none of the running Pods';
  return undefined;
}

/** It may be answered by its address: not ended, and with a network of its own. */
export function isLive({ ended, hostNetwork }: KnownPod): boolean {
  return !ended && !hostNetwork;
}
