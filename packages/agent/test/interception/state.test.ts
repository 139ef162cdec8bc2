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
    foreignAddresses: [],
    packets,
    redirected: { ipv4: 0, ipv6: 0 },
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

describe('Interception state', () => {
  it('Packets are counted on if the counters of the rules start again from zero', () => {
    let state = nextState(unknownState, {
      ...seen,
      settled: settled(counted(100)),
      countedBefore: undefined,
    });
    expect(state.packets.nat).toBe(0); // earlier packets are not counted
    state = nextState(state, { ...seen, settled: settled(counted(110)), countedBefore: counted(100) });
    expect(state.packets.nat).toBe(10);
    state = nextState(state, { ...seen, settled: settled(counted(3)), countedBefore: counted(110) });
    expect(state.packets.nat).toBe(13);
  });

  it('Refused connections are counted on if their counter starts again from zero', () => {
    let state = unknownState;
    let countedBefore: Packets | undefined;
    for (const refused of [7, 9, 4]) {
      state = nextState(state, { ...seen, settled: settled(counted(0, refused)), countedBefore });
      countedBefore = counted(0, refused);
    }
    expect(state.refusedConnections).toBe(6);
  });

  it('The state says whether new connections are limited, and no layer depends on that', () => {
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

  it('A check counts one repair per layer, however many faults of that layer were repaired', () => {
    const faults = ['a', 'b'].map((message) => ({ layer: 'nat' as const, message }));
    const state = nextState(unknownState, {
      ...seen,
      settled: settled(counted(0), faults),
      countedBefore: counted(0),
    });
    expect(state.repairs).toEqual({ nat: 1, filter: 0, route: 0, input: 0, ports: 0, link: 0 });
  });
});
