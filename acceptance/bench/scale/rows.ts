import { cpuEach, rowOf, say } from '../row.ts';
import type { Row } from '../row.ts';
import { median, quantile } from '../statistics.ts';
import type { Connected, Outage, Permit, Recovery, Renewal, Restart, Sync } from './phases.ts';
import type { Pushes } from './pushes.ts';
import type { ReplicaMemory } from './replicas.ts';
import type { ScaleSize } from './size.ts';

/** Everything that was measured at one size. */
export interface ScaleFigures {
  readonly own: Pushes;
  readonly synced: Sync;
  readonly connected: Connected;
  /** CPU of each replica. */
  readonly idleShares: readonly number[];
  readonly churn: Pushes;
  readonly rollout: Pushes;
  readonly permitted: Permit;
  readonly renewed: Renewal;
  readonly lost: Recovery;
  readonly outage: Outage;
  readonly restarted: Restart;
  readonly callsAnHour: number;
}

/** The goals of DESIGN.md 6 are for this many nodes. */
const NODES_OF_GOALS = 5_000;
const GOALS = { memoryMb: 600, pushMs: 1_000, takenOverMs: 30_000 };

export function scaleRows(size: ScaleSize, figures: ScaleFigures): Row[] {
  const goals = size.nodes === NODES_OF_GOALS ? GOALS : undefined;
  const rows = [
    ...startRows(size, figures),
    ...memoryRows(figures, goals?.memoryMb),
    ...pushRows(size, figures, goals?.pushMs),
    ...failureRows(size, figures, goals?.takenOverMs),
  ];
  return rows.map((row) => ({ ...row, what: `${size.nodes} nodes, ${size.pods} Pods: ${row.what}` }));
}

function startRows(
  { nodes, pods, shortLifetimeSeconds }: ScaleSize,
  { synced, connected, idleShares, callsAnHour }: ScaleFigures,
): Row[] {
  const { attestedMs, fedMs, cpuMs, sessions } = connected;
  return [
    rowOf({
      what: 'sync of three replicas together, start to ready',
      values: synced.readyMs,
      say: say.seconds,
      cpu: cpuEach(median(synced.cpuMs), pods, 'a Pod'),
    }),
    rowOf({
      what: 'all agents from nothing until they have their snapshots',
      values: [attestedMs + fedMs],
      say: say.seconds,
      note: `first certificates ${say.seconds(attestedMs)}; ${sessions} sessions cached`,
      cpu: cpuEach(cpuMs, nodes, 'an agent'),
    }),
    rowOf({ what: 'CPU of a replica without changes', values: idleShares, say: say.smallShare }),
    rowOf({
      what: 'STS calls an hour of all replicas',
      values: [callsAnHour],
      say: say.count,
      note: `from ${shortLifetimeSeconds / 2} s with lifetimes of ${shortLifetimeSeconds} s`,
    }),
  ];
}

function memoryRows(
  { synced, connected, lost, outage, restarted }: ScaleFigures,
  atMost: number | undefined,
): Row[] {
  const rssRow = (what: string, memory: readonly ReplicaMemory[]) =>
    rowOf({
      what,
      values: memory.map(({ rss }) => rss),
      say: say.mb,
      note: `anonymous ${say.mb(highest(memory, 'anonymous'))}, in the control group ${say.mb(highest(memory, 'group'))}`,
    });
  const all = [synced, connected, lost, outage, restarted].flatMap(({ memory }) => memory);
  return [
    rssRow('RSS of a replica, synced', synced.memory),
    rssRow('RSS of a replica, with its agents', connected.memory),
    rssRow('RSS of a replica, with the agents of a lost one', lost.memory),
    rowOf({
      what: 'peak RSS of any replica in all phases',
      values: [highest(all, 'peak')],
      say: say.mb,
      ...(atMost !== undefined && { atMost }),
    }),
  ];
}

function highest(memory: readonly ReplicaMemory[], part: keyof ReplicaMemory): number {
  return Math.max(...memory.map((one) => one[part]));
}

function pushRows(
  size: ScaleSize,
  { own, churn, rollout, permitted }: ScaleFigures,
  atMost: number | undefined,
): Row[] {
  const { churnPerSecond, rolloutPods, rolloutPerSecond, permitPods } = size;
  const named = [
    { what: `${churnPerSecond} new Pods a second`, pushes: churn },
    { what: `rollout of ${rolloutPods} Pods, ${rolloutPerSecond} a second in addition`, pushes: rollout },
  ];
  return [
    p99Row(`the simulator's own delay at ${churnPerSecond} new Pods a second`, own.decisionMs, own.expected),
    ...named.flatMap(({ what, pushes: { decisionMs, credentialsMs, expected, cpuShares } }) => [
      p99Row(`${what}: scheduled to decided on the node`, decisionMs, expected, atMost),
      p99Row(`${what}: scheduled to credentials on the node`, credentialsMs, expected, atMost),
      rowOf({ what: `${what}: CPU of a replica`, values: cpuShares, say: say.smallShare }),
    ]),
    p99Row(`a permit withdrawn from ${permitPods} Pods`, permitted.withdrawnMs, permitted.expected, atMost),
    p99Row('the permit given back', permitted.givenMs, permitted.expected, atMost),
  ];
}

/** The 99th percentile, with the others in the note. */
function p99Row(what: string, valuesMs: readonly number[], expected: number, atMost?: number): Row {
  const missing = expected - valuesMs.length;
  const slowest = Math.max(...valuesMs);
  return rowOf({
    what: `${what}, p99`,
    values: [quantile(valuesMs, 0.99)],
    say: say.ms,
    note: `p50 ${say.ms(median(valuesMs))}, slowest ${say.ms(slowest)}, ${valuesMs.length} Pods${missing === 0 ? '' : `, ${missing} never`}`,
    ...(atMost !== undefined && { atMost }),
  });
}

function failureRows({ nodes }: ScaleSize, figures: ScaleFigures, atMost: number | undefined): Row[] {
  const { lost, outage, renewed, restarted } = figures;
  return [
    recoveredRow('a replica lost: until the last of its agents has a snapshot from another', lost, atMost),
    recoveredRow(
      `all replicas restarted together (ready after ${say.seconds(restarted.readyMs)}, ${restarted.stsCalls} STS calls): until the last agent has a snapshot`,
      restarted,
    ),
    rowOf({
      what: 'the API server back after 10 s, with its history lost: until the last missed Pod is decided',
      values: [Math.max(...outage.decidedMs)],
      say: say.seconds,
      note: `p50 ${say.seconds(median(outage.decidedMs))}, ${outage.decidedMs.length} of ${outage.expected} Pods`,
    }),
    rowOf({
      what: 'all certificates renewed together',
      values: [renewed.tookMs],
      say: say.seconds,
      cpu: cpuEach(renewed.cpuMs, nodes, 'a certificate'),
    }),
  ];
}

/** If some agents got none in time, that time is reported. */
function recoveredRow(what: string, { tookMs, without, withinMs }: Recovery, atMost?: number): Row {
  const never = without === 0 ? '' : `, ${without} not within ${say.seconds(withinMs)}`;
  return rowOf({
    what,
    values: [without > 0 ? withinMs : Math.max(...tookMs)],
    say: say.seconds,
    note: `p50 ${say.seconds(median(tookMs))}, ${tookMs.length} agents${never}`,
    ...(atMost !== undefined && { atMost }),
  });
}
