import { describe, expect, it } from 'vitest';
import { createFold } from '../../src/logs/fold.ts';
import type { Shown } from '../../src/logs/fold.ts';
import { agentOn, entryAt, refusal, server, START_MS } from '../log-lines.ts';

function setup({ mostKinds = 100 } = {}) {
  const fold = createFold({ windowMs: 10_000, mostKinds });
  return {
    fold,
    kinds: (shown: ReturnType<typeof fold.add>) =>
      shown.map((each) => (each.kind === 'line' ? 'line' : each.count)),
  };
}

const joins = (shown: readonly Shown[]) =>
  shown.map((each) => (each.kind === 'line' ? each.joined : 'folded'));

describe('the folding of storms', () => {
  it('shows the first of many lines that are alike and counts the others', () => {
    const { fold, kinds } = setup();
    const shown = Array.from({ length: 121 }, (_, at) =>
      fold.add([entryAt(at, refusal({ requestId: `r${at}` }))]),
    ).flat();
    expect(kinds(shown)).toEqual(['line']);
    expect(kinds(fold.until(Infinity))).toEqual([120]);
  });

  it('shows the count when its time is over, before a later line', () => {
    const { fold, kinds } = setup();
    fold.add([entryAt(0, refusal())]);
    fold.add([entryAt(10, refusal())]);
    expect(kinds(fold.add([entryAt(10_001, { msg: 'feed lost' })]))).toEqual([1, 'line']);
  });

  it('tells Pods, reasons and nodes apart', () => {
    const { fold, kinds } = setup();
    const different = [refusal(), refusal({ pod: 'cart-1' }), refusal({ reason: 'NoRole' })];
    const shown = different.flatMap((fields) => [...fold.add([entryAt(0, fields)])]);
    expect(kinds([...shown, ...fold.add([entryAt(0, refusal(), agentOn('b'))])])).toEqual([
      'line',
      'line',
      'line',
      'line',
    ]);
  });

  it('adds the lines that the agent itself did not write', () => {
    const { fold, kinds } = setup();
    const suppressed = {
      msg: 'refusal lines suppressed',
      leftOut: 115,
      pod: 'cart-0',
      namespace: 'shop',
      reason: 'NamespaceDenied',
    };
    for (let at = 0; at < 5; at += 1) fold.add([entryAt(at, refusal())]);
    expect(fold.add([entryAt(9_000, suppressed)])).toEqual([]);
    expect(kinds(fold.until(START_MS + 10_000))).toEqual([119]);
    expect(kinds(fold.add([entryAt(30_000, suppressed)]))).toEqual([115]);
  });

  it('marks a line as joined only if a line of its request is shown above it', () => {
    const { fold } = setup();
    const ask = (at: number) => {
      const requestId = `r${at}`;
      return joins(
        fold.add([
          entryAt(at, refusal({ requestId })),
          entryAt(at + 1, { msg: `step ${at}`, requestId }, server),
        ]),
      );
    };
    expect(ask(0)).toEqual(['no', 'above']);
    expect(ask(5)).toEqual(['no']);
  });

  it('recognizes a line of a request that was shown earlier', () => {
    const { fold } = setup();
    fold.add([entryAt(0, { msg: 'address resolved to Pod', requestId: 'r1' }, server)]);
    expect(joins(fold.add([entryAt(3_900, refusal({ requestId: 'r1' }))]))).toEqual([
      { earlierMs: START_MS },
    ]);
  });

  it('forgets the oldest kind of line beyond its bound, and shows its count', () => {
    const { fold, kinds } = setup({ mostKinds: 1 });
    fold.add([entryAt(0, refusal())]);
    fold.add([entryAt(1, refusal())]);
    expect(kinds(fold.add([entryAt(2, refusal({ pod: 'cart-1' }))]))).toEqual([1, 'line']);
  });
});
