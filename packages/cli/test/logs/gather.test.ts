import { describe, expect, it } from 'vitest';
import { ClusterError } from '../../src/cluster/cluster-error.ts';
import type { LogSource } from '../../src/logs/entry.ts';
import { createFailures } from '../../src/logs/failures.ts';
import { gather } from '../../src/logs/gather.ts';
import { createPrinter } from '../../src/logs/printer.ts';
import { agentOn, START_MS } from '../log-lines.ts';
import { recordedOutput } from '../recorded-output.ts';

type Log = readonly number[] | Error;

/** Gathers logs in memory: the times of their lines, 10 lines a batch. */
async function setup(logs: readonly Log[], { mostBytes = 10_000_000 } = {}) {
  const output = recordedOutput();
  const failures = createFailures();
  const sources = logs.map((_, at) => agentOn(`n${at}`));
  const reading = { now: 0, most: 0 };

  async function* read(source: LogSource) {
    const log = logs[sources.indexOf(source)] ?? [];
    reading.most = Math.max(reading.most, (reading.now += 1));
    try {
      await Promise.resolve();
      if (log instanceof Error) throw log;
      for (let at = 0; at < log.length; at += 10) {
        await Promise.resolve();
        yield log.slice(at, at + 10).map((ms) => ({
          stamp: 's',
          atMs: START_MS + ms,
          text: `${source.node} ${ms} ${'x'.repeat(100)}`,
        }));
      }
    } finally {
      reading.now -= 1;
    }
  }
  await gather(sources, {
    read,
    keeps: () => true,
    printer: createPrinter({ output, format: 'json', shows: () => true }),
    failures,
    output,
    sinceSeconds: 600,
    signal: new AbortController().signal,
    mostBytes,
  });
  const times = output
    .printed()
    .trimEnd()
    .split('\n')
    .map((line) => Date.parse((JSON.parse(line) as { time: string }).time) - START_MS);
  return { times, notes: output.notes, reading, failures };
}

const every = (stepMs: number, count: number, fromMs = 0) =>
  Array.from({ length: count }, (_, at) => fromMs + at * stepMs);
const inOrder = (times: readonly number[]) => times.every((ms, at) => at === 0 || (times[at - 1] ?? 0) <= ms);

describe('gathering logs', () => {
  it('prints all lines in the order of time, and holds a log back that is far ahead of another', async () => {
    // The first alone would take 13 MB.
    const { times, notes } = await setup([every(1, 30_000), every(1, 30_000, 29_000), every(500, 60, 7)]);
    expect(times).toHaveLength(60_060);
    expect(inOrder(times)).toBe(true);
    expect(notes).toEqual([]);
  });

  it('reads at most 32 logs at once, and still prints in order', async () => {
    const { times, reading, notes } = await setup(Array.from({ length: 100 }, (_, at) => every(100, 20, at)));
    expect(reading.most).toBe(32);
    expect(inOrder(times)).toBe(true);
    expect(notes).toEqual([]);
  });

  it('loses no line if there are too many to sort, and says that their order is not exact', async () => {
    const { times, notes } = await setup(
      Array.from({ length: 40 }, () => every(1_000, 100)),
      { mostBytes: 100_000 },
    );
    expect(times).toHaveLength(4_000);
    expect(notes).toEqual([expect.stringContaining('order is not exact')]);
  });

  it('shows the other logs if some cannot be read', async () => {
    const right = { verb: 'get', resource: 'pods/log', namespace: 'rolegate' };
    const { times, notes, failures } = await setup([
      [1, 2],
      new ClusterError('failed', right, 'dial tcp 10.0.0.9:10250: i/o timeout'),
      new ClusterError('not found', right, 'the Pod is gone'),
    ]);
    expect(times).toEqual([1, 2]);
    expect(notes).toEqual([
      'cannot read the log of rolegate/agent-n1/agent: dial tcp 10.0.0.9:10250: i/o timeout',
    ]);
    expect(failures.count).toBe(1);
  });
});
