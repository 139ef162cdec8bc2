import type { Row } from '@rolegate/testing';
import { quantile } from '../../bench/statistics.ts';
import { faultsOfProbes, faultsOfProgram, mebibytes, memory, milliseconds } from '../judge.ts';
import type { ServerSeen } from './watch/seen.ts';
import type { Times } from './orders.ts';

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

/** Holds what the honest met during an attack against promises S7 and R2 (DESIGN.md 5): what must not be. */
export function faultsOfServer(seen: ServerSeen, changesWithinMs = CHANGE_WITHIN_MS): string[] {
  return [
    ...faultsOfTimes('changes', seen.changes, changesWithinMs, seen),
    ...faultsOfTimes('new Pods', seen.newcomers, SERVED_WITHIN_MS, seen),
    ...faultsOfFeeds(seen),
    ...faultsOfProbes(seen),
    ...faultsOfSlowProbes(seen),
    ...faultsOfProgram('server', seen.server),
    ...faultsOfLog(seen),
  ];
}

/** With half of the CPU that it wants, the server takes twice as long; and if idle timers are late, so is everything. */
function atMostMs(withinMs: number, { late, cpuShare }: ServerSeen): number {
  return withinMs / cpuShare + late.worstMs;
}

/** Beyond `withinMs`, corrected by the CPU that the server got. */
export function faultsOfTimes(what: string, times: Times, withinMs: number, seen: ServerSeen): string[] {
  if (times.length === 0) return [`${what}: there were none`];
  const faults: string[] = [];
  const lost = times.filter((time) => time === undefined).length;
  const worstMs = Math.max(...known(times));
  if (lost > 0) faults.push(`${what}: ${lost} of ${times.length} did not come in the time that is waited`);
  if (worstMs > atMostMs(withinMs, seen))
    faults.push(
      `${what}: the slowest took ${milliseconds(worstMs)}; the server had ${percent(seen.cpuShare)} of the CPU that it ` +
        `wanted, and the machine's own timers were ${milliseconds(seen.late.worstMs)} late at worst`,
    );
  return faults;
}

function faultsOfFeeds(seen: ServerSeen): string[] {
  const { feeds } = seen;
  const faults: string[] = [];
  for (const [why, count] of Object.entries(feeds.drops))
    faults.push(`${count} streams of honest nodes ended: ${why}`);
  if (feeds.withdrawn > 0)
    faults.push(`honest Pods were told ${feeds.withdrawn} times that they are not allowed their role`);
  return [...faults, ...faultsOfLife(seen)];
}

function faultsOfLife({ feeds, sessions, lastedMs }: ServerSeen): string[] {
  const { leastShare, held, renewals } = feeds;
  const faults: string[] = [];
  if (leastShare < LEAST_SHARE)
    faults.push(`an honest session had ${minutes(leastShare)} of 60 minutes left: R2 has 25`);
  if (held < sessions) faults.push(`${held} of ${sessions} honest sessions are held at the end`);
  if (renewals === 0 && lastedMs > RENEWED_WITHIN_MS)
    faults.push('no honest session was renewed: nothing was shown');
  return faults;
}

function faultsOfSlowProbes(seen: ServerSeen): string[] {
  return seen.probes.flatMap(({ name }) => {
    const p99Ms = p99Of(seen, name);
    return p99Ms > atMostMs(MOST_PROBE_P99_MS, seen) ? [`${name} probes: p99 is ${milliseconds(p99Ms)}`] : [];
  });
}

function faultsOfLog({ loggedBytes }: ServerSeen): string[] {
  return loggedBytes > MOST_LOGGED_BYTES ? [`the server logged ${mebibytes(loggedBytes)} MiB`] : [];
}

/** Of the columns about the server itself. */
export const serverHead: Row = [
  'probes',
  '/livez p99',
  'timers late',
  'CPU it got',
  'server',
  'after',
  'ends',
];

export function serverCells(seen: ServerSeen): Row {
  const { probes, late, server, cpuShare, afterBytes } = seen;
  return [
    probesCell(probes),
    milliseconds(p99Of(seen, 'liveness')),
    milliseconds(late.worstMs),
    percent(cpuShare),
    memory(server),
    `${mebibytes(afterBytes)} MiB`,
    String(server.ends.length),
  ];
}

/** Of the probe of this kind. Milliseconds. */
function p99Of({ probes }: ServerSeen, probe: string): number {
  return quantile(probes.find(({ name }) => name === probe)?.tookMs ?? [], 0.99);
}

function known(times: Times): number[] {
  return times.flatMap((time) => time ?? []);
}

/** How many, median and worst. */
export function timesCell(times: Times): string {
  const all = known(times);
  const lost = times.length - all.length;
  const cell = `${all.length}: ${milliseconds(quantile(all, 0.5))}, ${milliseconds(quantile(all, 1))}`;
  return lost === 0 ? cell : `${cell}; ${lost} lost`;
}

/** How many succeeded. */
function probesCell(probes: ServerSeen['probes']): string {
  const made = probes.reduce((sum, probe) => sum + probe.made, 0);
  const missed = probes.reduce((sum, probe) => sum + probe.failures.length, 0);
  return `${made - missed} of ${made}`;
}

/** Whole ones. */
function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

/** Of an hour, whole ones. */
export function minutes(share: number): string {
  return (60 * share).toFixed(0);
}
