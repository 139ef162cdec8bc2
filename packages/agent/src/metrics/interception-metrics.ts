import { createGrowth, readGauge, readGauges } from '@rolegate/runtime';
import { Counter } from 'prom-client';
import type { Registry } from 'prom-client';
import { layers } from '../interception/rule.ts';
import type { Layer } from '../interception/rule.ts';
import type { InterceptionState } from '../interception/state.ts';
import type { ForeignListener } from '../ports/foreign-listeners.ts';

/** What the gauges read at each scrape. */
export interface InterceptionReadings {
  readonly readerConnected: () => boolean;
  /** Undefined: not known now. */
  readonly interception: () => InterceptionState | undefined;
  /** Undefined: not known now. */
  readonly nodeImdsv1Open: () => boolean | undefined;
  /** Undefined: not known now. */
  readonly foreignListeners: () => readonly ForeignListener[] | undefined;
  /** New connections that the kernel has dropped since the last time, because their address opened too many. */
  readonly connectionsRefused?: (count: number) => void;
}

type Counts = Readonly<Record<Layer, number>>;

/** The metrics of what a reader tells; without a reader there is none of them. */
export function createInterceptionMetrics(registry: Registry, readings: InterceptionReadings) {
  const { interception } = readings;
  const declare = (name: string, help: string) =>
    countByDifference(new Counter({ name, help, labelNames: ['layer'], registers: [registry] }));
  const repairs = declare(
    'rolegate_interception_repairs_total',
    'How often a layer was not as planned, and mended.',
  );
  const packets = declare(
    'rolegate_interception_packets_total',
    'Packets that the rules of a layer took: led to the agent (nat), kept from redirects (ports), or denied.',
  );
  readGauge(
    registry,
    'rolegate_reader_connected',
    '1 while the reader of CNI results is there and has told everything.',
    () => (readings.readerConnected() ? 1 : 0),
  );
  readGauges(
    registry,
    'rolegate_interception_ok',
    '1 where the layer is laid and in order; absent while that is not known.',
    'layer',
    () => okByLayer(interception()),
  );
  readGauge(
    registry,
    'rolegate_interception_connections_limited',
    '1 while new connections of an address are limited; 0 if the kernel of the node cannot do that.',
    () => toNumber(interception()?.connectionsLimited),
  );
  readGauge(
    registry,
    'rolegate_interception_foreign_rules',
    "Other tools' rules for a metadata address.",
    () => interception()?.foreignRules,
  );
  readGauge(
    registry,
    'rolegate_interception_unmatched_interfaces',
    'Entries of --host-interface that name no interface of the node.',
    () => interception()?.unmatchedInterfaces,
  );
  readGauge(
    registry,
    'rolegate_foreign_listeners',
    "Listeners on the agent's ports that no agent of the node has named; absent while that is not known.",
    () => readings.foreignListeners()?.length,
  );
  readGauge(
    registry,
    'rolegate_node_imdsv1_open',
    "1 where the node's own metadata API answers without a token; absent while that is not known.",
    () => toNumber(readings.nodeImdsv1Open()),
  );
  const refused = createGrowth();
  return {
    /** The reader's numbers, which begin anew with its process, go on here. */
    counted: (state: InterceptionState): void => {
      repairs(state.repairs);
      packets(state.packets);
      readings.connectionsRefused?.(refused(state.refusedConnections));
    },
  };
}

function countByDifference(counter: Counter<'layer'>): (counts: Counts) => void {
  const growth = {
    nat: createGrowth(),
    filter: createGrowth(),
    route: createGrowth(),
    input: createGrowth(),
    ports: createGrowth(),
  };
  return (now) => {
    for (const layer of layers) counter.inc({ layer }, growth[layer](now[layer]));
  };
}

function okByLayer(state: InterceptionState | undefined): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(state?.layers ?? {}).map(([layer, ok]) => [layer, ok ? 1 : 0]));
}

function toNumber(is: boolean | undefined): number | undefined {
  return is === undefined ? undefined : Number(is);
}
