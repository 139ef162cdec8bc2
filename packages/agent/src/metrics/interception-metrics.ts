import { createGrowth } from '@rolegate/runtime';
import type { Meters } from '@rolegate/runtime';
import { layers, ruleLayers } from '../interception/rules/rule.ts';
import type { Layer } from '../interception/rules/rule.ts';
import type { InterceptionState } from '../interception/state.ts';
import type { ForeignListener } from '../ports/foreign-listeners.ts';
import type { interceptionMetrics } from './interception-table.ts';

/** Read at each scrape. */
export interface InterceptionReadings {
  readonly reconcileConnected: () => boolean;
  /** Undefined: not known now. */
  readonly interception: () => InterceptionState | undefined;
  /** Undefined: not known now. */
  readonly nodeImdsv1Open: () => boolean | undefined;
  /** Undefined: not known now. */
  readonly foreignListeners: () => readonly ForeignListener[] | undefined;
  /** New connections that the kernel dropped since the last call because their address exceeded the limit. */
  readonly connectionsRefused?: (count: number) => void;
}

/** Metrics of what `reconcile` reports; absent without it. */
export function createInterceptionMetrics(
  { countBy, readGauge, readGauges }: Meters<typeof interceptionMetrics>,
  readings: InterceptionReadings,
) {
  const { interception } = readings;
  const repairs = byDifference(layers, countBy('rolegate_interception_repairs_total'));
  const packets = byDifference(ruleLayers, countBy('rolegate_interception_packets_total'));
  readGauge('rolegate_reader_connected', () => (readings.reconcileConnected() ? 1 : 0));
  readGauges('rolegate_interception_ok', () => okByLayer(interception()));
  readGauge('rolegate_interception_connections_limited', () => toNumber(interception()?.connectionsLimited));
  readGauge('rolegate_interception_foreign_rules', () => interception()?.foreignRules);
  readGauge('rolegate_interception_unmatched_interfaces', () => interception()?.unmatchedInterfaces);
  readGauge('rolegate_foreign_listeners', () => readings.foreignListeners()?.length);
  readGauge('rolegate_node_imdsv1_open', () => toNumber(readings.nodeImdsv1Open()));
  const refused = createGrowth();
  return {
    /** Counters of `reconcile` restart with its process; here they continue. */
    counted: (state: InterceptionState): void => {
      repairs(state.repairs);
      packets(state.packets);
      readings.connectionsRefused?.(refused(state.refusedConnections));
    },
  };
}

function byDifference<L extends Layer>(
  all: readonly L[],
  count: (layer: L, times: number) => void,
): (counts: Readonly<Record<L, number>>) => void {
  const growth = new Map(all.map((layer) => [layer, createGrowth()]));
  return (now) => {
    for (const [layer, grown] of growth) count(layer, grown(now[layer]));
  };
}

function okByLayer(state: InterceptionState | undefined): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(state?.layers ?? {}).map(([layer, ok]) => [layer, ok ? 1 : 0]));
}

function toNumber(is: boolean | undefined): number | undefined {
  return is === undefined ? undefined : Number(is);
}
