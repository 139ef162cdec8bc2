import { NODE, inUrl } from '../../network/addresses.ts';
import type { ProbeOrder } from '../clients/orders.ts';
import type { Probe } from '../../chart-programs/chart.ts';
import type { HostileNode } from '../node/world.ts';

/** More often than kubelet, so that every attack meets some; a process each is no light load. Milliseconds. */
const EVERY_MS = { http: 1_000, exec: 2_000 };

/** The charts' probes of running containers, and the question whether the agent is ready. */
export function probeOrders({ programs, serverAddress }: HostileNode): ProbeOrder[] {
  const { agent, server, statusCommand } = programs;
  const inContainer = agent.chart.probes.some(({ kind, by }) => by === 'exec' && kind !== 'startup');
  return [
    ...byHttp('agent', NODE.ipv4, agent.chart.probes),
    {
      name: 'agent status --ready',
      everyMs: EVERY_MS.exec,
      // A probe by exec counts against the memory limit of its container.
      command: inContainer ? [...agent.group.enter, ...statusCommand] : statusCommand,
    },
    ...byHttp('server', serverAddress, server.chart.probes),
  ];
}

/** Those by HTTP but the startup's, each within kubelet's default time whatever the chart gives it. */
function byHttp(name: string, podAddress: string, probes: readonly Probe[]): ProbeOrder[] {
  return probes.flatMap((probe) => {
    if (probe.by === 'exec' || probe.kind === 'startup') return [];
    const url = `http://${inUrl(probe.host ?? podAddress)}:${probe.port}${probe.path}`;
    return [{ name: `${name} ${probe.kind}`, everyMs: EVERY_MS.http, url }];
  });
}
