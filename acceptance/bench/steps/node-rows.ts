import { rowOf, say, unmeasuredRow } from '../row.ts';
import type { Row } from '../row.ts';
import { median } from '../statistics.ts';

export type Container = 'agent' | 'reconcile';
const containers: readonly Container[] = ['agent', 'reconcile'];

/** Of all processes of a container. MiB and milliseconds. */
export interface ContainerUsage {
  readonly processes: number;
  readonly rss: number;
  readonly anonymous: number;
  /** Proportional set size. */
  readonly proportional: number;
  /** Mapped files of the process that maps most, which is Node.js. */
  readonly mostFiles: number;
  readonly cpuMs: number;
}

/** Usage after one start of the agent's Pod. */
export interface PodUsage {
  /** Charged to the control group. Undefined without one. */
  readonly cgroupMb: number | undefined;
  readonly containers: Readonly<Record<Container, ContainerUsage>>;
  /** Share of a core on an idle node. NaN if not measured in this round. */
  readonly idleShare: Readonly<Record<Container, number>>;
}

export interface NodeRowsOptions {
  readonly pods: number;
  readonly idleSeconds: number;
  /** Why there is no control group. Undefined if there is one. */
  readonly noCgroup: string | undefined;
}

export function nodeRows(
  usages: readonly PodUsage[],
  { pods, idleSeconds, noCgroup }: NodeRowsOptions,
): Row[] {
  const what = `everything on a node, ${pods} Pods, second start`;
  return [
    cgroupRow(`${what}: memory of the Pod's cgroup`, usages, noCgroup),
    ...containers.map((name) => containerRow(`${what}: RSS of ${name}`, name, usages)),
    idleRow(`${what}: CPU when idle, ${idleSeconds} s`, usages),
  ];
}

function cgroupRow(what: string, usages: readonly PodUsage[], noCgroup: string | undefined): Row {
  if (noCgroup !== undefined) return unmeasuredRow(what, noCgroup);
  return rowOf({
    what,
    values: usages.map(({ cgroupMb = NaN }) => cgroupMb),
    say: say.mb,
    note: `anonymous ${mb(usages, anonymousOf)}; mapped files, charged to whoever read them first, ${mb(usages, filesOf)}`,
    atMost: 65,
  });
}

function mb(usages: readonly PodUsage[], pick: (usage: PodUsage) => number): string {
  return say.mb(median(usages.map(pick)));
}

function anonymousOf({ containers: { agent, reconcile } }: PodUsage): number {
  return agent.anonymous + reconcile.anonymous;
}

/** Both containers map the same files, which are in memory once. */
function filesOf({ containers: { agent, reconcile } }: PodUsage): number {
  return Math.max(agent.mostFiles, reconcile.mostFiles);
}

function containerRow(what: string, name: Container, usages: readonly PodUsage[]): Row {
  const of = (pick: (usage: ContainerUsage) => number) => usages.map((usage) => pick(usage.containers[name]));
  const anonymous = say.mb(median(of((usage) => usage.anonymous)));
  const proportional = say.mb(median(of((usage) => usage.proportional)));
  const processes = median(of((usage) => usage.processes));
  return rowOf({
    what,
    values: of(({ rss }) => rss),
    say: say.mb,
    note: `anonymous ${anonymous}, PSS ${proportional}, processes: ${processes}`,
  });
}

function idleRow(what: string, usages: readonly PodUsage[]): Row {
  const watched = usages.map(({ idleShare }) => idleShare).filter(({ agent }) => !Number.isNaN(agent));
  const of = (name: Container) => median(watched.map((share) => share[name]));
  return rowOf({
    what,
    values: watched.map(({ agent, reconcile }) => agent + reconcile),
    say: (value) => `${say.smallShare(value)} of a core`,
    note: containers.map((name) => `${name} ${say.smallShare(of(name))}`).join(', '),
    atMost: 0.003,
  });
}
