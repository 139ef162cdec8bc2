import { describe, expect, it } from 'vitest';
import { createAgentMetrics } from '../../src/metrics/metrics.ts';
import type { InterceptionState } from '../../src/interception/state.ts';
import type { ForeignListener } from '../../src/ports/foreign-listeners.ts';
import { STATE } from '../reconcile/setup.ts';

function setup() {
  const metrics = createAgentMetrics({ version: '1' });
  const refused: number[] = [];
  const known: {
    state: InterceptionState | undefined;
    open: boolean | undefined;
    connected: boolean;
    foreign: readonly ForeignListener[] | undefined;
  } = { state: undefined, open: undefined, connected: false, foreign: undefined };
  const { counted } = metrics.readInterception({
    reconcileConnected: () => known.connected,
    interception: () => known.state,
    nodeImdsv1Open: () => known.open,
    foreignListeners: () => known.foreign,
    connectionsRefused: (count) => refused.push(count),
  });
  const lines = async () =>
    (await metrics.registry.metrics())
      .split('\n')
      .filter((line) => /^rolegate_(interception|reader|node|foreign)/.test(line));
  return { known, counted, lines, refused };
}

function repairs(nat: number): InterceptionState {
  return { ...STATE, repairs: { ...STATE.repairs, nat } };
}

describe('Interception metrics', () => {
  it('While nothing is known, only rolegate_reader_connected and counters at 0 are exported', async () => {
    const lines = await setup().lines();
    expect(lines.filter((line) => !line.includes('_total{'))).toEqual(['rolegate_reader_connected 0']);
    expect(lines.filter((line) => !line.endsWith(' 0'))).toEqual([]);
  });

  it('The interception metrics have these names, labels and values', async () => {
    const { known, counted, lines } = setup();
    Object.assign(known, {
      state: { ...STATE, layers: { ...STATE.layers, route: false } },
      open: true,
      connected: true,
      foreign: [{ address: '192.0.2.10', port: 8181, uid: 1000 }],
    });
    counted(STATE);
    expect((await lines()).sort()).toEqual([
      'rolegate_foreign_listeners 1',
      'rolegate_interception_connections_limited 1',
      'rolegate_interception_foreign_rules 0',
      'rolegate_interception_ok{layer="filter"} 1',
      'rolegate_interception_ok{layer="input"} 1',
      'rolegate_interception_ok{layer="nat"} 1',
      'rolegate_interception_ok{layer="ports"} 1',
      'rolegate_interception_ok{layer="route"} 0',
      'rolegate_interception_packets_total{layer="filter"} 1',
      'rolegate_interception_packets_total{layer="input"} 10',
      'rolegate_interception_packets_total{layer="nat"} 10',
      'rolegate_interception_packets_total{layer="ports"} 0',
      'rolegate_interception_packets_total{layer="route"} 0',
      'rolegate_interception_repairs_total{layer="filter"} 0',
      'rolegate_interception_repairs_total{layer="input"} 0',
      'rolegate_interception_repairs_total{layer="link"} 0',
      'rolegate_interception_repairs_total{layer="nat"} 1',
      'rolegate_interception_repairs_total{layer="ports"} 0',
      'rolegate_interception_repairs_total{layer="route"} 2',
      'rolegate_interception_unmatched_interfaces 1',
      'rolegate_node_imdsv1_open 1',
      'rolegate_reader_connected 1',
    ]);
  });

  it('Metrics other than counters are absent again once nothing is known any more', async () => {
    const { known, counted, lines } = setup();
    Object.assign(known, { state: STATE, open: false });
    counted(STATE);
    expect(await lines()).toContain('rolegate_node_imdsv1_open 0');
    Object.assign(known, { state: undefined, open: undefined });
    expect((await lines()).filter((line) => !line.includes('_total'))).toEqual([
      'rolegate_reader_connected 0',
    ]);
  });

  it('Repairs are counted on if a restarted reconcile counts from zero', async () => {
    const { counted, lines } = setup();
    for (const nat of [3, 5, 1, 2, 2]) counted(repairs(nat));
    expect(await lines()).toContain('rolegate_interception_repairs_total{layer="nat"} 7');
  });

  it('Each connection that the kernel refused is reported once', () => {
    const { counted, refused } = setup();
    for (const refusedConnections of [3, 5, 5, 1]) counted({ ...STATE, refusedConnections });
    expect(refused).toEqual([3, 2, 0, 1]);
  });
});
