import type { SoakWorld } from '../faults/soak-fault.ts';

/** A program whose memory is followed. */
export interface WatchedProgram {
  readonly name: string;
  /** What is counted by group: the servers are one, because a stream and its sessions can be at either. */
  readonly group: string;
  /** Of the latest process. */
  readonly pid: number;
  /** A port of 127.0.0.1 with /metrics. Undefined for `reconcile`, which has none. */
  readonly opsPort: number | undefined;
}

export function programsOf({ world, reconcile }: SoakWorld): WatchedProgram[] {
  const pid = reconcile?.pid();
  return [
    { name: 'agent', group: 'agent', pid: world.agent.pid, opsPort: world.programs.agentOpsPort },
    ...(pid === undefined ? [] : [{ name: 'reconcile', group: 'reconcile', pid, opsPort: undefined }]),
    ...world.servers.map((server, index) => ({
      name: `server ${index + 1}`,
      group: 'servers',
      pid: server.pid,
      opsPort: world.programs.opsPorts[index],
    })),
  ];
}
