import { describe, expect, it } from 'vitest';
import type { SettleResult } from '../../src/interception/interception.ts';
import { nextState, unknownState } from '../../src/interception/state.ts';
import type { Packets } from '../../src/interception/rules/packets.ts';

function settled(packets: Packets, repaired: SettleResult['repaired'] = []): SettleResult {
  const layers = { nat: true, filter: true, route: true, input: true, ports: true };
  return {
    backend: 'nft',
    repaired,
    left: [],
    layers,
    limitFault: undefined,
    foreign: [],
    packets,
    led: { ipv4: 0, ipv6: 0 },
  };
}

const counted = (nat: number, refused = 0): Packets => ({
  nat,
  route: 0,
  filter: 0,
  input: 0,
  ports: 0,
  refused,
});
const seen = { unmatchedInterfaces: 0, kernelAgrees: true };

describe('the state after a look', () => {
  it('goes on counting where the counters of rules begin anew', () => {
    let state = nextState(unknownState, {
      ...seen,
      settled: settled(counted(100)),
      countedBefore: undefined,
    });
    expect(state.packets.nat).toBe(0); // what came before this process is not its own
    state = nextState(state, { ...seen, settled: settled(counted(110)), countedBefore: counted(100) });
    expect(state.packets.nat).toBe(10);
    state = nextState(state, { ...seen, settled: settled(counted(3)), countedBefore: counted(110) });
    expect(state.packets.nat).toBe(13);
  });

  it('goes on counting refused connections in the same way', () => {
    let state = unknownState;
    let countedBefore: Packets | undefined;
    for (const refused of [7, 9, 4]) {
      state = nextState(state, { ...seen, settled: settled(counted(0, refused)), countedBefore });
      countedBefore = counted(0, refused);
    }
    expect(state.refusedConnections).toBe(6);
  });

  it('says whether new connections are limited, which no layer depends on', () => {
    const limited = settled(counted(0));
    expect(unknownState.connectionsLimited).toBeUndefined();
    expect(nextState(unknownState, { ...seen, settled: limited, countedBefore: undefined })).toMatchObject({
      connectionsLimited: true,
    });
    const state = nextState(unknownState, {
      ...seen,
      settled: { ...limited, limitFault: 'no hashlimit' },
      countedBefore: undefined,
    });
    expect(state).toMatchObject({ connectionsLimited: false, layers: { input: true, ports: true } });
  });

  it('counts a layer once a look, however much of it was mended', () => {
    const faults = ['a', 'b'].map((message) => ({ layer: 'nat' as const, message }));
    const state = nextState(unknownState, {
      ...seen,
      settled: settled(counted(0), faults),
      countedBefore: counted(0),
    });
    expect(state.repairs).toEqual({ nat: 1, filter: 0, route: 0, input: 0, ports: 0 });
  });
});
