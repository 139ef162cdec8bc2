import type { Row } from '@rolegate/testing';
import { quantile } from '../../../bench/statistics.ts';
import { faultsOfProbes, faultsOfProgram, mebibytes, memory, milliseconds } from '../judge.ts';
import type { TenantsSeen, Times } from './watch/seen.ts';

/** DESIGN.md 5, S7: changes are in force within this. Milliseconds. */
const CHANGE_WITHIN_MS = 1_000;
/** STS takes 50 ms of it; an SDK waits as long. Milliseconds. */
const SERVED_WITHIN_MS = 1_000;
/** DESIGN.md 4.11 has 100 ms for /livez, which are reported; the run fails beyond this. Milliseconds. */
const MOST_PROBE_P99_MS = 1_000;
/** DESIGN.md 5, R2: 25 minutes of an hour. */
const LEAST_SHARE = 25 / 60;
/** All sessions may have been issued at the same moment; in this time each is renewed once. Milliseconds. */
const RENEWED_WITHIN_MS = 8_000;
/** Of one attack's time. */
const MOST_LOGGED_BYTES = 10 * 2 ** 20;

export interface TenantsVerdict {
  /** What must not be; empty if the promise was kept. */
  readonly faults: readonly string[];
  /** Without the last cell: what the server's restart on the same objects has shown. */
  readonly row: Row;
}

export const tenantsHead: Row = [
  'attack',
  'changes in force',
  'new Pods served',
  'least life',
  'probes',
  '/livez p99',
  'timers late',
  'CPU it got',
  'server',
  'after',
  'ends',
  'started again on the same objects',
];

/** Holds what the honest met during an attack against promises S7 and R2 (DESIGN.md 5). */
export function judgeTenants(
  title: string,
  seen: TenantsSeen,
  changesWithinMs = CHANGE_WITHIN_MS,
): TenantsVerdict {
  const { changes, newcomers, feeds, probes, late, server, afterBytes } = seen;
  const made = probes.reduce((sum, probe) => sum + probe.made, 0);
  const missed = probes.reduce((sum, probe) => sum + probe.failures.length, 0);
  return {
    faults: [
      ...faultsOfTimes('changes', changes, changesWithinMs, seen),
      ...faultsOfTimes('new Pods', newcomers, SERVED_WITHIN_MS, seen),
      ...faultsOfFeeds(seen),
      ...faultsOfProbes(seen),
      ...faultsOfSlowProbes(seen),
      ...faultsOfProgram('server', server),
      ...faultsOfLog(seen),
    ],
    row: [
      title,
      timesCell(changes),
      timesCell(newcomers),
      `${minutes(feeds.leastShare)} of 60 min`,
      `${made - missed} of ${made}`,
      milliseconds(p99Of(seen, 'liveness')),
      milliseconds(late.worstMs),
      percent(seen.cpuShare),
      memory(server),
      `${mebibytes(afterBytes)} MiB`,
      String(server.ends.length),
    ],
  };
}

/** With half of the CPU that it wants, the server takes twice as long; and if idle timers are late, so is everything. */
function atMostMs(withinMs: number, { late, cpuShare }: TenantsSeen): number {
  return withinMs / cpuShare + late.worstMs;
}

function faultsOfTimes(what: string, times: Times, withinMs: number, seen: TenantsSeen): string[] {
  if (times.length === 0) return [`${what}: there were none`];
  const faults: string[] = [];
  const lost = times.filter((time) => time === undefined).length;
  const worstMs = Math.max(...known(times));
  if (lost > 0) faults.push(`${what}: ${lost} of ${times.length} did not come within 5 s`);
  if (worstMs > atMostMs(withinMs, seen))
    faults.push(
      `${what}: the slowest took ${milliseconds(worstMs)}; the server had ${percent(seen.cpuShare)} of the CPU that it ` +
        `wanted, and the machine's own timers were ${milliseconds(seen.late.worstMs)} late at worst`,
    );
  return faults;
}

function faultsOfFeeds(seen: TenantsSeen): string[] {
  const { feeds } = seen;
  const faults: string[] = [];
  for (const [why, count] of Object.entries(feeds.drops))
    faults.push(`${count} streams of honest nodes ended: ${why}`);
  if (feeds.withdrawn > 0)
    faults.push(`honest Pods were told ${feeds.withdrawn} times that they are not allowed their role`);
  return [...faults, ...faultsOfLife(seen)];
}

function faultsOfLife({ feeds, sessions, lastedMs }: TenantsSeen): string[] {
  const { leastShare, held, renewals } = feeds;
  const faults: string[] = [];
  if (leastShare < LEAST_SHARE)
    faults.push(`an honest session had ${minutes(leastShare)} of 60 minutes left: R2 has 25`);
  if (held < sessions) faults.push(`${held} of ${sessions} honest sessions are held at the end`);
  if (renewals === 0 && lastedMs > RENEWED_WITHIN_MS)
    faults.push('no honest session was renewed: nothing was shown');
  return faults;
}

function faultsOfSlowProbes(seen: TenantsSeen): string[] {
  return seen.probes.flatMap(({ name }) => {
    const p99Ms = p99Of(seen, name);
    return p99Ms > atMostMs(MOST_PROBE_P99_MS, seen) ? [`${name} probes: p99 is ${milliseconds(p99Ms)}`] : [];
  });
}

function faultsOfLog({ loggedBytes }: TenantsSeen): string[] {
  return loggedBytes > MOST_LOGGED_BYTES ? [`the server logged ${mebibytes(loggedBytes)} MiB`] : [];
}

function p99Of({ probes }: TenantsSeen, probe: string): number {
  return quantile(probes.find(({ name }) => name === probe)?.tookMs ?? [], 0.99);
}

function known(times: Times): number[] {
  return times.flatMap((time) => time ?? []);
}

/** Median and worst. */
function timesCell(times: Times): string {
  const all = known(times);
  const lost = times.length - all.length;
  const cell = `${all.length}: ${milliseconds(quantile(all, 0.5))}, ${milliseconds(quantile(all, 1))}`;
  return lost === 0 ? cell : `${cell}; ${lost} lost`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

function minutes(share: number): string {
  return (60 * share).toFixed(0);
}
