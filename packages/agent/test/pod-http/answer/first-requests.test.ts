import { describe, expect, it } from 'vitest';
import { createMemory } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import type { MemoryKind } from '../../../src/memory/memory.ts';
import { createFirstRequests } from '../../../src/pod-http/answer/first-requests.ts';

const DAY_MS = 86_400_000;
const served = { served: true, monotonicMs: 70 };
const failed = { served: false, monotonicMs: 50 };

function setup() {
  const clock = createFakeClock();
  const memory = createMemory<MemoryKind>({ clock });
  const known = new Set<string>();
  const first = createFirstRequests({ isKnown: (uid) => known.has(uid), memory });
  return {
    clock,
    known,
    first,
    /** Whether the Pod is served for the first time. */
    serve: (uid: string, namespace = 'shop') => {
      first.asked(uid, 'boto3/1.34.0', { monotonicMs: 0, namespace });
      return first.answered(uid, served).first;
    },
    remembered: () => memory.sizes()['first_requests'],
  };
}

describe('First requests', () => {
  it("The time to a Pod's first credentials counts from when the Pod was first seen to ask", () => {
    const { first } = setup();
    first.asked('u', 'other', { monotonicMs: 20, namespace: 'shop' });
    first.asked('u', 'other', { monotonicMs: 60, namespace: 'shop' });
    expect(first.answered('u', failed)).toMatchObject({ firstRequest: true, first: false });
    expect(first.answered('u', served)).toEqual({
      firstRequest: false,
      first: true,
      sinceFirstRequestMs: 50,
    });
    expect(first.answered('u', served)).toMatchObject({ firstRequest: false, first: false });
  });

  it("A Pod's first request is remembered while the Pod exists, and forgotten ten minutes later", async () => {
    const { clock, known, serve, remembered } = setup();
    known.add('u');
    expect(serve('u')).toBe(true);
    await clock.advance(30 * DAY_MS);
    expect(serve('u')).toBe(false);
    known.delete('u');
    await clock.advance(600_000);
    expect(remembered()).toBe(0);
  });

  it('The first four clients that a Pod asks with are remembered, each once', () => {
    const { first } = setup();
    const at = { monotonicMs: 0, namespace: 'shop' };
    for (const client of ['a/1', 'none', 'a/1', 'b/2', 'other', 'c/3']) first.asked('u', client, at);
    expect(first.clientsOf('u')).toEqual(['a/1', 'none', 'b/2', 'other']);
    expect(first.clientsOf('stranger')).toEqual([]);
  });

  it("A Pod's first request is not forgotten because Pods of another Namespace come and go", () => {
    const { known, serve, remembered } = setup();
    known.add('mine');
    serve('mine');
    for (let at = 0; at < 5_000; at++) serve(`gone-${at}`, 'greedy');
    expect([serve('mine'), remembered()]).toEqual([false, 1_024]);
    expect(serve('gone-1', 'greedy')).toBe(true);
  });
});
