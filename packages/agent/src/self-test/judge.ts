import type { Tried } from './try-metadata.ts';

/** The results of the test Pod for one family. */
export interface PodTries {
  readonly address: string;
  readonly credentials: Tried;
  /** Another port of the metadata address. */
  readonly otherPort: Tried;
  /** The agent's port on the node's own address; absent if the agent does not listen in this family. */
  readonly agentPort?: Tried;
}

export interface Evidence extends PodTries {
  /** Connections redirected by the DNAT rules during the test; undefined if none are installed in this family. */
  readonly led: number | undefined;
}

/** What the results say about the interception. */
export interface Judgement {
  /** Open, although it must not be. */
  readonly open: readonly string[];
  /** Nothing is open, but Pods may not reach the agent: the test Pod did not, although a Pod of the network plugin might. */
  readonly doubts: readonly string[];
}

/** Judges the results. Pure. */
export function judge({ address, credentials, otherPort, agentPort, led }: Evidence): Judgement {
  const open: string[] = [];
  if (credentials.kind === 'stranger' || credentials.kind === 'open')
    open.push(`a process other than the agent answers Pods on ${address}`);
  if (otherPort.kind === 'open') open.push(`another port of ${address} is open to Pods`);
  if (agentPort?.kind === 'open') open.push("the agent's port is directly open to Pods");
  const doubts: string[] = [];
  if (led === 0)
    doubts.push(
      `a request to ${address} was not redirected to the agent; check --host-interface and rules of other tools`,
    );
  else if (led !== undefined && credentials.kind === 'silence')
    doubts.push(
      `a request to ${address} was redirected to the agent but got no answer; another tool may drop it in INPUT`,
    );
  return { open, doubts };
}
