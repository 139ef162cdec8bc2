import { readdir } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { metricSamples, sumOfSamples } from '@rolegate/testing';
import { askProbe } from './probe.ts';
import type { WatchedProgram } from './programs.ts';

/** Idle connections end before. Milliseconds. */
const SETTLED_AFTER_MS = 10_000;

const SESSIONS = 'rolegate_sessions';
export const ENTRIES = 'entries of maps and sets';

/** Measurements of which the lowest counts, because requests and renewals come and go. */
const TIMES = 5;
/** Milliseconds. */
const EVERY_MS = 1_000;

/** Metrics that count what a program holds. */
const COUNTS =
  /^rolegate_(sessions|feed_streams|feed_nodes|decisions_waiting|sts_budget_waiting|issuer_keys|remembered_names)(\{|$)/;

/** How many things a program holds, by name. */
export type Levels = ReadonlyMap<string, number>;

/** By group of programs: what the program of the group with the most holds. */
export async function measureLevels(
  programs: readonly WatchedProgram[],
  folder: string,
): Promise<ReadonlyMap<string, Levels>> {
  await setTimeout(SETTLED_AFTER_MS);
  const lowest = new Map<string, Levels>();
  for (let time = 0; time < TIMES; time++) {
    const counted = await Promise.all(programs.map(countsOf));
    for (const [group, levels] of highest(counted))
      lowest.set(group, combined(levels, lowest.get(group), Math.min));
    await setTimeout(EVERY_MS);
  }
  const objects: Counted[] = [];
  // One after the other, because this takes a program a good part of a second.
  for (const program of programs) objects.push(await objectsOf(program, folder));
  const levels = highest(objects);
  return new Map(
    [...lowest].map(([group, counts]) => [group, new Map([...(levels.get(group) ?? []), ...counts])]),
  );
}

interface Counted {
  readonly group: string;
  readonly levels: Levels;
}

function highest(counted: readonly Counted[]): Map<string, Levels> {
  const most = new Map<string, Levels>();
  for (const { group, levels } of counted) most.set(group, combined(levels, most.get(group), Math.max));
  return most;
}

function combined(one: Levels, other: Levels | undefined, choose: (a: number, b: number) => number): Levels {
  const known = other ?? one;
  return new Map([...one].map(([what, value]) => [what, choose(value, known.get(what) ?? value)]));
}

async function countsOf({ group, pid, opsPort }: WatchedProgram): Promise<Counted> {
  const descriptors = (await readdir(`/proc/${pid}/fd`)).length;
  const gauges = opsPort === undefined ? [] : await gaugesOf(opsPort);
  return { group, levels: new Map([['descriptors', descriptors], ...gauges]) };
}

async function objectsOf({ group, pid }: WatchedProgram, folder: string): Promise<Counted> {
  const { timers, maps, entries, signals } = await askProbe(folder, pid, 'objects');
  const levels = new Map([
    ['timers', timers],
    ['abort signals', signals],
    ['maps and sets', maps],
    [ENTRIES, entries],
  ]);
  return { group, levels };
}

/** The states of sessions are counted together, because agents and servers fetch and report them in turn. */
async function gaugesOf(port: number): Promise<[string, number][]> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  const samples = metricSamples(await answer.text());
  const gauges = [...samples].filter(([sample]) => COUNTS.test(sample) && !sample.startsWith(SESSIONS));
  return [...gauges, [SESSIONS, sumOfSamples(samples, SESSIONS)]];
}
