import { createFakeClock } from '@rolegate/testing';
import { describe, expect, it } from 'vitest';
import { ClusterError } from '../../src/cluster/cluster-error.ts';
import type { PodLogLine } from '../../src/cluster/pod-log.ts';
import { followSource } from '../../src/logs/follow-source.ts';
import type { ReadOptions } from '../../src/logs/read.ts';
import { agentOn, START_MS } from '../log-lines.ts';

const line = (afterMs: number, text: string): PodLogLine => ({
  stamp: new Date(START_MS + afterMs).toISOString(),
  atMs: START_MS + afterMs,
  text,
});

/** Follows a log whose streams have these lines, or fail, one after another. */
async function setup(streams: readonly (readonly PodLogLine[] | Error)[]) {
  const clock = createFakeClock();
  const asked: ReadOptions[] = [];
  const texts: string[] = [];
  const failures: unknown[] = [];
  async function* read(_source: unknown, options: ReadOptions) {
    const stream = streams[asked.length] ?? [];
    asked.push(options);
    await Promise.resolve();
    if (stream instanceof Error) throw stream;
    yield stream;
  }
  const following = followSource(agentOn('a'), {
    read,
    clock,
    take(entry) {
      texts.push(entry.text);
      return Promise.resolve();
    },
    failed: (_source, error) => failures.push(error),
    isPresent: () => asked.length < streams.length,
    signal: new AbortController().signal,
    sinceSeconds: 600,
  });
  await clock.advance(60_000);
  await following;
  return { asked, texts, failures };
}

describe('following the log of a container', () => {
  it('continues after the end of a stream without repeating or losing a line', async () => {
    const { texts, asked } = await setup([
      [line(100, 'one'), line(200, 'two'), line(200, 'three')],
      [line(100, 'one'), line(200, 'two'), line(200, 'three'), line(200, 'four'), line(300, 'five')],
    ]);
    expect(texts).toEqual(['one', 'two', 'three', 'four', 'five']);
    expect(asked[0]).toMatchObject({ sinceSeconds: 600 });
    expect(asked[1]).toMatchObject({ sinceTime: '2026-11-30T07:00:00.200Z' });
  });

  it('waits for a container that has not started yet', async () => {
    const right = { verb: 'get', resource: 'pods/log' };
    const { texts, failures } = await setup([
      new ClusterError('bad request', right, 'container is waiting to start'),
      [line(0, 'one')],
    ]);
    expect(texts).toEqual(['one']);
    expect(failures).toEqual([]);
  });

  it('gives up without the right to read it', async () => {
    const denied = new ClusterError('forbidden', { verb: 'get', resource: 'pods/log' }, 'denied');
    const { asked, failures } = await setup([denied, [line(0, 'one')]]);
    expect(asked).toHaveLength(1);
    expect(failures).toEqual([denied]);
  });
});
