import type { AttemptResult } from './try-metadata.ts';

/** The results of the test Pod for one family. */
export interface PodResults {
  readonly address: string;
  readonly credentials: AttemptResult;
  /** Another port of the metadata address. */
  readonly otherPort: AttemptResult;
  /** The agent's port on the node's own address; absent if the agent does not listen in this family. */
  readonly agentPort?: AttemptResult;
}

export interface Evidence extends PodResults {
  /** Connections redirected by the DNAT rules during the test; undefined if none are installed in this family. */
  readonly redirected: number | undefined;
}

/** What the results say about the interception. */
export interface Judgement {
  /** Open, although it must not be. */
  readonly open: readonly string[];
  /** Nothing is open, but Pods may not reach the agent: the test Pod did not, although a Pod of the network plugin might. */
  readonly warnings: readonly string[];
}

/** Judges the results. Pure. */
export function judge({ address, credentials, otherPort, agentPort, redirected }: Evidence): Judgement {
  const open: string[] = [];
  if (credentials.kind === 'other' || credentials.kind === 'open')
    open.push(`a process other than the agent answers Pods on ${address}`);
  if (otherPort.kind === 'open') open.push(`another port of ${address} is open to Pods`);
  if (agentPort?.kind === 'open') open.push("the agent's port is directly open to Pods");
  const warnings: string[] = [];
  if (redirected === 0)
    warnings.push(
      `a request to ${address} was not redirected to the agent; check --host-interface and rules of other tools`,
    );
  else if (redirected !== undefined && credentials.kind === 'silence')
    warnings.push(
      `a request to ${address} was redirected to the agent but got no answer; another tool may drop it in INPUT`,
    );
  return { open, warnings };
}
