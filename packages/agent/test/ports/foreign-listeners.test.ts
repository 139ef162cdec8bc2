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

/** Consecutive checks, 10 s apart. */
function looks(...all: readonly Partial<Look>[]) {
  let unnamed: ReturnType<typeof compareListeners>['unnamed'] = new Map();
  return all.map((look, at) => {
    const found = compareListeners(unnamed, {
      listening: [],
      ports: [{ host: NODE, port: 8181 }],
      named: new Set(),
      allNamed: true,
      nowMs: at * 10_000,
      ...look,
    });
    ({ unnamed } = found);
    return found.foreign;
  });
}

const FOREIGN = [{ address: NODE, port: 8181, uid: UID }];

describe('Foreign listeners', () => {
  it('A listener is foreign if two checks in a row find it and no agent has named it', () => {
    const listening = [socket(1), socket(2)];
    expect(
      looks({ listening }, { listening, named: new Set([1]) }, { listening, named: new Set([1]) }),
    ).toEqual([[], FOREIGN, FOREIGN]);
  });

  it('A listener is not foreign if an agent names it by the second check, or if it has closed by then', () => {
    const listening = [socket(1)];
    expect(looks({ listening }, { listening, named: new Set([1]) })).toEqual([[], []]);
    expect(looks({ listening }, {}, { listening }, {})).toEqual([[], [], [], []]);
  });

  it('A listener is not foreign because another one listened on its port before', () => {
    expect(looks({ listening: [socket(1)] }, { listening: [socket(2)] })).toEqual([[], []]);
  });

  it('A listener of the user of 0.1 agents, which name nothing, is foreign after five minutes', () => {
    const listening = [socket(1, { uid: USER_OF_0_1 })];
    const [, before, after] = looks(
      { listening },
      { listening, nowMs: MAY_BE_AGENT_MS - 1 },
      { listening, nowMs: MAY_BE_AGENT_MS },
    );
    expect([before, after]).toEqual([[], [{ address: NODE, port: 8181, uid: USER_OF_0_1 }]]);
  });

  it('A listener is foreign after five minutes if listeners of other agent Pods are not known', () => {
    const listening = [socket(1)];
    const all = looks(
      { listening, allNamed: false },
      { listening, allNamed: false },
      { listening, allNamed: false, nowMs: MAY_BE_AGENT_MS },
    );
    expect(all).toEqual([[], [], FOREIGN]);
  });
});

describe('Agent ports', () => {
  it.each([
    { of: NODE, at: NODE },
    { of: NODE, at: '0.0.0.0' },
    { of: NODE, at: '::' },
    { of: '0.0.0.0', at: '127.0.0.1' },
    { of: '0.0.0.0', at: '::' },
    { of: '::', at: NODE },
    { of: 'fd00::10', at: '::' },
  ])("A listener on $at takes connections to an agent's port on $of", ({ of, at }) => {
    const look = { listening: [socket(1, { address: at })], ports: [{ host: of, port: 8181 }] };
    expect(looks(look, look)[1]).toHaveLength(1);
  });

  it.each([
    { of: NODE, at: '127.0.0.1' },
    { of: NODE, at: 'fd00::10' },
    { of: '0.0.0.0', at: '::1' },
    { of: 'fd00::10', at: '0.0.0.0' },
    { of: '127.0.0.1', at: NODE },
  ])("A listener on $at is unrelated to an agent's port on $of", ({ of, at }) => {
    const look = { listening: [socket(1, { address: at })], ports: [{ host: of, port: 8181 }] };
    expect(looks(look, look)[1]).toEqual([]);
  });

  it("A listener on another port is unrelated to an agent's port", () => {
    const look = { listening: [socket(1, { port: 8182 })] };
    expect(looks(look, look)[1]).toEqual([]);
  });
});
