import type { Row } from '@rolegate/testing';
import { quantile } from '../../bench/statistics.ts';
import { probeProblems, programProblems, mebibytes, memory, milliseconds } from '../judge.ts';
import type { ServerObservations } from './watch/observations.ts';
import type { Times } from './calls.ts';

/** DESIGN.md 5, S7: changes take effect within this time. Milliseconds. */
const CHANGE_WITHIN_MS = 1_000;
/** SDKs wait this long. Includes 50 ms of STS. Milliseconds. */
const SERVED_WITHIN_MS = 1_000;
/** The run fails beyond this. DESIGN.md 4.11 requires 100 ms for /livez, which is only reported. Milliseconds. */
const MOST_PROBE_P99_MS = 1_000;
/** DESIGN.md 5, R2: 25 minutes of an hour. */
const LEAST_SHARE = 25 / 60;
/** In this time each session is renewed once, even if all were issued at the same time. Milliseconds. */
const RENEWED_WITHIN_MS = 8_000;
/** Limit per attack. */
const MOST_LOGGED_BYTES = 10 * 2 ** 20;

/** Violations of promises S7 and R2 (DESIGN.md 5) during an attack. */
export function serverProblems(observed: ServerObservations, changesWithinMs = CHANGE_WITHIN_MS): string[] {
  return [
    ...timeProblems('changes', observed.changes, changesWithinMs, observed),
    ...timeProblems('new Pods', observed.newPods, SERVED_WITHIN_MS, observed),
    ...feedProblems(observed),
    ...probeProblems(observed),
    ...slowProbeProblems(observed),
    ...programProblems('server', observed.server),
    ...logProblems(observed),
  ];
}

/** Allows for the CPU that the server did not get and for late timers. */
function atMostMs(withinMs: number, { timerDelay, cpuShare }: ServerObservations): number {
  return withinMs / cpuShare + timerDelay.worstMs;
}

/** Times that are missing or above the limit. */
export function timeProblems(
  what: string,
  times: Times,
  withinMs: number,
  observed: ServerObservations,
): string[] {
  if (times.length === 0) return [`${what}: none happened`];
  const problems: string[] = [];
  const lost = times.filter((time) => time === undefined).length;
  const worstMs = Math.max(...known(times));
  if (lost > 0) problems.push(`${what}: ${lost} of ${times.length} timed out`);
  if (worstMs > atMostMs(withinMs, observed))
    problems.push(
      `${what}: the slowest took ${milliseconds(worstMs)}; the server got ${percent(observed.cpuShare)} of the CPU that it ` +
        `needed, and timers were up to ${milliseconds(observed.timerDelay.worstMs)} late`,
    );
  return problems;
}

function feedProblems(observed: ServerObservations): string[] {
  const { feeds } = observed;
  const problems: string[] = [];
  for (const [why, count] of Object.entries(feeds.drops))
    problems.push(`${count} streams of honest nodes ended: ${why}`);
  if (feeds.withdrawn > 0) problems.push(`honest Pods were denied their role ${feeds.withdrawn} times`);
  return [...problems, ...lifetimeProblems(observed)];
}

function lifetimeProblems({ feeds, sessions, durationMs }: ServerObservations): string[] {
  const { leastShare, valid, renewals } = feeds;
  const problems: string[] = [];
  if (leastShare < LEAST_SHARE)
    problems.push(`an honest session had ${minutes(leastShare)} of 60 minutes left; R2 promises 25`);
  if (valid < sessions) problems.push(`only ${valid} of ${sessions} honest sessions are valid at the end`);
  if (renewals === 0 && durationMs > RENEWED_WITHIN_MS)
    problems.push('no honest session was renewed, which proves nothing');
  return problems;
}

function slowProbeProblems(observed: ServerObservations): string[] {
  return observed.probes.flatMap(({ name }) => {
    const p99Ms = p99Of(observed, name);
    return p99Ms > atMostMs(MOST_PROBE_P99_MS, observed)
      ? [`${name} probes: p99 is ${milliseconds(p99Ms)}`]
      : [];
  });
}

function logProblems({ loggedBytes }: ServerObservations): string[] {
  return loggedBytes > MOST_LOGGED_BYTES ? [`the server logged ${mebibytes(loggedBytes)} MiB`] : [];
}

/** Headings of the columns about the server. */
export const serverHead: Row = [
  'probes',
  '/livez p99',
  'timer delay',
  'CPU share',
  'server memory',
  'memory after',
  'restarts',
];

export function serverCells(observed: ServerObservations): Row {
  const { probes, timerDelay, server, cpuShare, afterBytes } = observed;
  return [
    probesCell(probes),
    milliseconds(p99Of(observed, 'liveness')),
    milliseconds(timerDelay.worstMs),
    percent(cpuShare),
    memory(server),
    `${mebibytes(afterBytes)} MiB`,
    String(server.ends.length),
  ];
}

/** p99 of the named probe. Milliseconds. */
function p99Of({ probes }: ServerObservations, probe: string): number {
  return quantile(probes.find(({ name }) => name === probe)?.tookMs ?? [], 0.99);
}

function known(times: Times): number[] {
  return times.flatMap((time) => time ?? []);
}

/** Count, median and maximum. */
export function timesCell(times: Times): string {
  const all = known(times);
  const lost = times.length - all.length;
  const cell = `${all.length}: ${milliseconds(quantile(all, 0.5))}, ${milliseconds(quantile(all, 1))}`;
  return lost === 0 ? cell : `${cell}; ${lost} lost`;
}

/** Successful probes. */
function probesCell(probes: ServerObservations['probes']): string {
  const made = probes.reduce((sum, probe) => sum + probe.made, 0);
  const missed = probes.reduce((sum, probe) => sum + probe.failures.length, 0);
  return `${made - missed} of ${made}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

/** Share of an hour in whole minutes. */
export function minutes(share: number): string {
  return (60 * share).toFixed(0);
}
