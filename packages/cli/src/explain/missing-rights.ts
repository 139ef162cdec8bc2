import { faultOf } from '../answers/answer.ts';
import { isMissingRight } from '../cluster/cluster-error.ts';
import type { Evidence } from './evidence.ts';

/** The rights that the user lacks, each once. Not those to read what a Pod imports, which the page names. */
export function missingRights({
  pod,
  server,
  silentServers,
  agent,
  agentStatus,
  refusals,
}: Evidence): readonly string[] {
  const faults = [pod, server, agent, agentStatus, refusals].flatMap((answer) => faultOf(answer) ?? []);
  const silent = silentServers.map(({ fault }) => fault);
  return [...new Set([...faults, ...silent])].filter(isMissingRight);
}
