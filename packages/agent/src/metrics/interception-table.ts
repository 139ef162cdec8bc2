import type { MetricTable } from '@rolegate/runtime';
import { layers, ruleLayers } from '../interception/rules/rule.ts';

/** Metrics of what `reconcile` reports; absent without it. */
export const interceptionMetrics = {
  rolegate_reader_connected: {
    type: 'gauge',
    labels: {},
    help: '1 while the agent is connected to reconcile and has received its full state.',
    meaning: '1 while the agent is connected to `rolegate-agent reconcile` and has received its full state',
    worry: '0 for longer than a restart',
  },
  rolegate_interception_ok: {
    type: 'gauge',
    labels: { layer: layers },
    help: '1 if the layer is fully installed; absent while unknown, and link without container credentials.',
    meaning: '1 if the layer is fully installed; `link` only with container credentials',
    worry: 'any 0 for over a minute; absent on a node that runs an agent',
  },
  rolegate_interception_repairs_total: {
    type: 'counter',
    labels: { layer: layers },
    help: 'Repairs of a layer whose rules or link had been changed.',
    meaning: 'repairs of a layer whose rules or link had been changed',
    worry: 'a steady rate: another tool keeps changing the rules',
  },
  rolegate_interception_packets_total: {
    type: 'counter',
    labels: { layer: ruleLayers },
    help: 'Packets matched by the rules of a layer: redirected to the agent (nat), protected from redirects (ports), or denied.',
    meaning: 'packets matched by the rules',
    worry: '`filter` rises: traffic tries to bypass the agent',
  },
  rolegate_interception_connections_limited: {
    type: 'gauge',
    labels: {},
    help: "1 while new connections per address are limited; 0 if the node's kernel cannot limit them.",
    meaning: '1 while new connections per address are limited',
    worry: '0: the node lacks xt_hashlimit, xt_recent or xt_limit',
  },
  rolegate_interception_foreign_rules: {
    type: 'gauge',
    labels: {},
    help: 'Rules of other tools for a metadata address.',
    meaning: 'rules of other tools for a metadata address',
    worry: 'not 0 after kiam and kube2iam were removed',
  },
  rolegate_interception_unmatched_interfaces: {
    type: 'gauge',
    labels: {},
    help: 'Entries of --host-interface that match no interface of the node.',
    meaning: 'entries of `--host-interface` that match no interface',
    worry: 'not 0 while Pods run on the node',
  },
  rolegate_foreign_listeners: {
    type: 'gauge',
    labels: {},
    help: "Listeners on the agent's ports that belong to no agent of the node; absent while unknown.",
    meaning: "listeners on the agent's ports that belong to no agent of the node",
    worry: "any: Pods' connections can reach another process",
  },
  rolegate_node_imdsv1_open: {
    type: 'gauge',
    labels: {},
    help: "1 if the node's IMDS answers without a token (IMDSv1); absent while unknown.",
    meaning: "1 if the node's IMDS answers without a token (IMDSv1)",
    worry: '1: require IMDSv2 on the instances, with hop limit 1',
  },
} satisfies MetricTable;
