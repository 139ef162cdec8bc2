import { layers, ruleLayers } from './rules/rule.ts';
import type { Layer, RuleLayer } from './rules/rule.ts';
import type { SettleResult } from './interception.ts';
import type { Packets } from './rules/packets.ts';

/** The state of the interception, for metrics, readiness and reports. */
export interface InterceptionState {
  /** iptables' backend: nft or legacy; '' before the first check. */
  readonly backend: string;
  /** True: fully installed, or not needed on this node. Absent: not checked yet, or a link that is not needed. */
  readonly layers: Readonly<Partial<Record<Layer, boolean>>>;
  /** How often each was repaired since this process started. */
  readonly repairs: Readonly<Record<Layer, number>>;
  /** Since this process started, as counted by countPackets. */
  readonly packets: Readonly<Record<RuleLayer, number>>;
  /** New connections dropped because their address exceeded the limit, since this process started. */
  readonly refusedConnections: number;
  /** False: the node cannot limit new connections. Absent: unknown. */
  readonly connectionsLimited?: boolean;
  /** Rules of others for a metadata address. */
  readonly foreignRules: number;
  /** Entries of `--host-interface` that match no interface of the node. */
  readonly unmatchedInterfaces: number;
}

/** Before the first check. */
export const unknownState: InterceptionState = {
  backend: '',
  layers: {},
  repairs: countBy(layers, () => 0),
  packets: countBy(ruleLayers, () => 0),
  refusedConnections: 0,
  foreignRules: 0,
  unmatchedInterfaces: 0,
};

/** After a failed check no layer of rules is known to be installed. */
export const allLost: Readonly<Record<RuleLayer, boolean>> = {
  nat: false,
  filter: false,
  route: false,
  input: false,
  ports: false,
};

/** What a check found apart from the rules. */
export interface CheckResult {
  readonly settled: SettleResult;
  /** The counters of the previous check; undefined at the first. */
  readonly countedBefore: Packets | undefined;
  readonly unmatchedInterfaces: number;
  /** False: the kernel would forward a Pod's packet although the rule exists. */
  readonly kernelAgrees: boolean;
}

/** The state after a check. Pure. What the first check installs is not a repair. */
export function nextState(
  before: InterceptionState,
  { settled, countedBefore, unmatchedInterfaces, kernelAgrees }: CheckResult,
): InterceptionState {
  const repaired = new Set(countedBefore === undefined ? [] : settled.repaired.map(({ layer }) => layer));
  return {
    backend: settled.backend,
    layers: { ...settled.layers, route: settled.layers.route && kernelAgrees },
    repairs: countBy(layers, (layer) => before.repairs[layer] + (repaired.has(layer) ? 1 : 0)),
    packets: countBy(
      ruleLayers,
      (layer) => before.packets[layer] + grown(countedBefore?.[layer], settled.packets[layer]),
    ),
    refusedConnections: before.refusedConnections + grown(countedBefore?.refused, settled.packets.refused),
    connectionsLimited: settled.limitFault === undefined,
    foreignRules: settled.foreign.length,
    unmatchedInterfaces,
  };
}

/** Counters restart when rules are installed again. */
function grown(before: number | undefined, now: number): number {
  if (before === undefined) return 0;
  return now >= before ? now - before : now;
}

function countBy<L extends Layer>(
  all: readonly L[],
  count: (layer: L) => number,
): Readonly<Record<L, number>> {
  return Object.fromEntries(all.map((layer) => [layer, count(layer)])) as Record<L, number>;
}
