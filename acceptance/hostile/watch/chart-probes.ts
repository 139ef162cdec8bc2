import { NODE } from '../../network/addresses.ts';
import type { ProbeSpec } from '../clients/calls.ts';
import { httpProbes } from '../../chart-programs/http-probes.ts';
import type { HttpProbe } from '../../chart-programs/http-probes.ts';
import type { HostileNode } from '../node/world.ts';

/** More often than the kubelet, so that every attack is covered; exec probes less often, because they cost more. Milliseconds. */
const EVERY_MS = { http: 1_000, exec: 2_000 };

/** The charts' probes of running containers, and the agent's readiness command. */
export function chartProbes({ programs, serverAddress }: HostileNode): ProbeSpec[] {
  const { agent, server, statusCommand } = programs;
  const inContainer = agent.chart.probes.some(({ kind, by }) => by === 'exec' && kind !== 'startup');
  return [
    ...named('agent', httpProbes(agent.chart.probes, NODE.ipv4)),
    {
      name: 'agent status --ready',
      everyMs: EVERY_MS.exec,
      // An exec probe counts against the memory limit of its container.
      command: inContainer ? [...agent.group.enter, ...statusCommand] : statusCommand,
    },
    ...named('server', httpProbes(server.chart.probes, serverAddress)),
  ];
}

/** With the kubelet's default timeout, whatever the chart sets. */
function named(program: string, probes: readonly HttpProbe[]): ProbeSpec[] {
  return probes.map(({ kind, url }) => ({ name: `${program} ${kind}`, everyMs: EVERY_MS.http, url }));
}
