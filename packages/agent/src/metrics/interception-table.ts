import type { MetricTable } from '@rolegate/runtime';
import { layers } from '../interception/rules/rule.ts';

/** The metrics of what `reconcile` tells; without it there is none of them. */
export const interceptionMetrics = {
  rolegate_reader_connected: {
    type: 'gauge',
    labels: {},
    help: '1 while the reader of CNI results is there and has told everything.',
    meaning: '1 while `rolegate-agent reconcile` is there and has told everything',
    worry: '0 for longer than a restart',
  },
  rolegate_interception_ok: {
    type: 'gauge',
    labels: { layer: layers },
    help: '1 where the layer is laid and in order; absent while that is not known.',
    meaning: '1 where the layer is laid and in order',
    worry: 'any 0 for over a minute; absent on a node that runs an agent',
  },
  rolegate_interception_repairs_total: {
    type: 'counter',
    labels: { layer: layers },
    help: 'How often a layer was not as planned, and mended.',
    meaning: 'how often a layer was not as planned, and mended',
    worry: 'a rate that goes on: another tool fights for the rules',
  },
  rolegate_interception_packets_total: {
    type: 'counter',
    labels: { layer: layers.map((layer) => (layer === 'route' ? 'route (always 0)' : layer)) },
    help: 'Packets that the rules of a layer took: led to the agent (nat), kept from redirects (ports), or denied.',
    meaning: 'packets that the rules took',
    worry: '`filter` that grows: somebody reaches past the agent',
  },
  rolegate_interception_connections_limited: {
    type: 'gauge',
    labels: {},
    help: '1 while new connections of an address are limited; 0 if the kernel of the node cannot do that.',
    meaning: '1 while new connections of an address are limited',
    worry: '0: the node lacks xt_hashlimit, xt_recent or xt_limit',
  },
  rolegate_interception_foreign_rules: {
    type: 'gauge',
    labels: {},
    help: "Other tools' rules for a metadata address.",
    meaning: "other tools' rules for a metadata address",
    worry: 'not 0 once kiam and kube2iam are gone',
  },
  rolegate_interception_unmatched_interfaces: {
    type: 'gauge',
    labels: {},
    help: 'Entries of --host-interface that name no interface of the node.',
    meaning: 'entries of `--host-interface` that name no interface',
    worry: 'not 0 while Pods run on the node',
  },
  rolegate_foreign_listeners: {
    type: 'gauge',
    labels: {},
    help: "Listeners on the agent's ports that no agent of the node has named; absent while that is not known.",
    meaning: "listeners on the agent's ports that no agent of the node has named",
    worry: 'any: connections of Pods may reach another process',
  },
  rolegate_node_imdsv1_open: {
    type: 'gauge',
    labels: {},
    help: "1 where the node's own metadata API answers without a token; absent while that is not known.",
    meaning: "1 where the node's own metadata API answers without a token",
    worry: '1: require IMDSv2 on the instances, hop limit 1',
  },
} satisfies MetricTable;
