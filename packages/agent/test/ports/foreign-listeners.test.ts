import { describe, expect, it } from 'vitest';
import { compareListeners, MAY_BE_AGENT_MS, USER_OF_0_1 } from '../../src/ports/foreign-listeners.ts';
import type { Look } from '../../src/ports/foreign-listeners.ts';
import type { ListeningSocket } from '../../src/ports/listening-sockets.ts';

const UID = 2_100_008_181;
const NODE = '192.0.2.10';

const socket = (inode: number, changes: Partial<ListeningSocket> = {}): ListeningSocket => ({
  address: NODE,
  port: 8181,
  uid: UID,
  inode,
  ...changes,
});

/** Looks one after the other, 10 s apart. */
function looks(...all: readonly Partial<Look>[]) {
  let unnamed: ReturnType<typeof compareListeners>['unnamed'] = new Map();
  return all.map((look, at) => {
    const found = compareListeners(unnamed, {
      listening: [],
      ports: [{ host: NODE, port: 8181 }],
      named: new Set(),
      allHeard: true,
      nowMs: at * 10_000,
      ...look,
    });
    ({ unnamed } = found);
    return found.foreign;
  });
}

const FOREIGN = [{ address: NODE, port: 8181, uid: UID }];

describe('a listener on a port of the agents', () => {
  it('is foreign if two looks in a row find it, and nobody has named it', () => {
    const listening = [socket(1), socket(2)];
    expect(
      looks({ listening }, { listening, named: new Set([1]) }, { listening, named: new Set([1]) }),
    ).toEqual([[], FOREIGN, FOREIGN]);
  });

  it('is not foreign if it is named by the second look, or has gone by then', () => {
    const listening = [socket(1)];
    expect(looks({ listening }, { listening, named: new Set([1]) })).toEqual([[], []]);
    expect(looks({ listening }, {}, { listening }, {})).toEqual([[], [], [], []]);
  });

  it('is not foreign for the one that listened there before it', () => {
    expect(looks({ listening: [socket(1)] }, { listening: [socket(2)] })).toEqual([[], []]);
  });

  it('is foreign after five minutes if it is of the user of agents of 0.1, which name nothing', () => {
    const listening = [socket(1, { uid: USER_OF_0_1 })];
    const [, before, after] = looks(
      { listening },
      { listening, nowMs: MAY_BE_AGENT_MS - 1 },
      { listening, nowMs: MAY_BE_AGENT_MS },
    );
    expect([before, after]).toEqual([[], [{ address: NODE, port: 8181, uid: USER_OF_0_1 }]]);
  });

  it('is foreign after five minutes if agents of other Pods are not heard', () => {
    const listening = [socket(1)];
    const all = looks(
      { listening, allHeard: false },
      { listening, allHeard: false },
      { listening, allHeard: false, nowMs: MAY_BE_AGENT_MS },
    );
    expect(all).toEqual([[], [], FOREIGN]);
  });
});

describe('a port of the agents', () => {
  it.each([
    { of: NODE, at: NODE },
    { of: NODE, at: '0.0.0.0' },
    { of: NODE, at: '::' },
    { of: '0.0.0.0', at: '127.0.0.1' },
    { of: '0.0.0.0', at: '::' },
    { of: '::', at: NODE },
    { of: 'fd00::10', at: '::' },
  ])('on $of is shared by a listener on $at', ({ of, at }) => {
    const look = { listening: [socket(1, { address: at })], ports: [{ host: of, port: 8181 }] };
    expect(looks(look, look)[1]).toHaveLength(1);
  });

  it.each([
    { of: NODE, at: '127.0.0.1' },
    { of: NODE, at: 'fd00::10' },
    { of: '0.0.0.0', at: '::1' },
    { of: 'fd00::10', at: '0.0.0.0' },
    { of: '127.0.0.1', at: NODE },
  ])('on $of has nothing to do with a listener on $at', ({ of, at }) => {
    const look = { listening: [socket(1, { address: at })], ports: [{ host: of, port: 8181 }] };
    expect(looks(look, look)[1]).toEqual([]);
  });

  it('has nothing to do with a listener on another port', () => {
    const look = { listening: [socket(1, { port: 8182 })] };
    expect(looks(look, look)[1]).toEqual([]);
  });
});
