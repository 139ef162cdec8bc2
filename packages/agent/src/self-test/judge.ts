import type { Tried } from './try-metadata.ts';

/** What the stand-in Pod met, for one family. */
export interface PodTries {
  readonly address: string;
  readonly credentials: Tried;
  /** Another port of the metadata address. */
  readonly otherPort: Tried;
  /** The agent's port on the node's own address; absent where the agent does not listen in this family. */
  readonly agentPort?: Tried;
}

export interface Evidence extends PodTries {
  /** Connections that the DNAT rules took meanwhile; undefined if none are installed in this family. */
  readonly led: number | undefined;
}

/** What a Pod met says of the interception. */
export interface Judgement {
  /** Something is open that must not be. */
  readonly open: readonly string[];
  /** Nothing is open, but Pods may not reach the agent: the stand-in did not, and a Pod of the network plugin's might. */
  readonly doubts: readonly string[];
}

/** Judges by what a Pod met. Pure. */
export function judge({ address, credentials, otherPort, agentPort, led }: Evidence): Judgement {
  const open: string[] = [];
  if (credentials.kind === 'stranger' || credentials.kind === 'open')
    open.push(`something other than the agent answers Pods on ${address}`);
  if (otherPort.kind === 'open') open.push(`another port of ${address} is open to Pods`);
  if (agentPort?.kind === 'open') open.push('the port of the agent is open to Pods directly');
  const doubts: string[] = [];
  if (led === 0)
    doubts.push(
      `a request to ${address} was not led to the agent; see --host-interface and rules of other tools`,
    );
  else if (led !== undefined && credentials.kind === 'silence')
    doubts.push(
      `a request to ${address} was led to the agent and got no answer; another tool may drop it in INPUT`,
    );
  return { open, doubts };
}
