import type { Log } from '@rolegate/runtime';
import type { KnownPod } from '../feed/table/known-pod.ts';
import type { CniResults } from './cni-results.ts';

/** The source of IP ownership: CNI results, or Pod status if they are unusable. */
export type IpSource = 'cni' | 'pod-status';

export interface IpSourceDeps {
  /** Undefined: no directory is configured. */
  readonly cniResults: Pick<CniResults, 'usable' | 'names' | 'states'> | undefined;
  readonly pods: () => readonly KnownPod[];
  /** UIDs of Pods that had a result while a previous process ran. */
  readonly hadResults?: ReadonlySet<string> | undefined;
  /** A stopping agent forgets its CNI results, which is no fault. */
  readonly stopping: () => boolean;
  readonly log: Log;
  readonly metrics: { readonly ipSource: (source: IpSource) => void };
}

/** Decides at each call; logs and counts a change unless the agent is stopping. */
export function createIpSource(deps: IpSourceDeps): () => IpSource {
  const { cniResults, stopping, log, metrics } = deps;
  let logged: IpSource | undefined;

  return () => {
    const fault = faultOf(deps);
    const source = fault === undefined ? 'cni' : 'pod-status';
    if (source === logged || stopping()) return source;
    logged = source;
    metrics.ipSource(source);
    if (fault === undefined) log.info('reading Pod addresses from CNI results');
    else
      log.warn('CNI results unusable; reading Pod addresses from Pod status', {
        error: fault,
        directories: cniResults?.states(),
        hint: 'A new Pod waits until its status has its IP, and without a server requests are answered only for --stale-ip. Check that --cni-cache-dir is where the container runtime keeps its CNI results.',
      });
    return source;
  };
}

/** Why the CNI results are unusable; undefined: they are usable. */
function faultOf({ cniResults, pods, hadResults }: IpSourceDeps): string | undefined {
  if (cniResults === undefined) return 'no CNI results directory is configured';
  if (!cniResults.usable()) return 'no CNI results directory can be read';
  const running = pods().filter((pod) => isLive(pod) && pod.ips.length > 0);
  // Some CNI plugins keep their results elsewhere, and the directory is empty or holds leftovers.
  const isNamed = (pod: KnownPod) => cniResults.names(pod) || hadResults?.has(pod.uid) === true;
  if (running.length > 0 && !running.some(isNamed)) return 'the CNI results name none of the running Pods';
  return undefined;
}

/** True if the Pod can be identified by its address: not ended and not on the host network. */
export function isLive({ ended, hostNetwork }: KnownPod): boolean {
  return !ended && !hostNetwork;
}
