import type { KubernetesObject } from '@rolegate/testing';
import { SERVER_NAMESPACE } from '../../cluster/server.ts';

/** The first four nodes run the Pods of honest tenants. */
const NODES = 24;
/** Every fourth node uses the shared address. */
const SHARED_EVERY = 4;

/** An address (RFC 2544) that some agents share with attackers. */
export const SHARED_ADDRESS = '198.18.1.1';
/** An address that only attackers use. */
export const STRANGERS_ADDRESS = '198.18.1.2';
/** Loopback addresses that only attackers use. */
export const manyAddresses: readonly string[] = Array.from(
  { length: 2_000 },
  (_, at) => `127.1.${Math.floor(at / 250)}.${(at % 250) + 1}`,
);

/** A node with an agent. */
export interface AgentNode {
  readonly name: string;
  readonly address: string;
}

export const agentNodes: readonly AgentNode[] = Array.from({ length: NODES }, (_, at) => ({
  name: `node-${at}`,
  address: at % SHARED_EVERY === 0 ? SHARED_ADDRESS : `198.18.1.${10 + at}`,
}));

/** Addresses to add to the loopback device. */
export const addedAddresses: readonly string[] = [
  ...new Set([SHARED_ADDRESS, STRANGERS_ADDRESS].concat(agentNodes.map(({ address }) => address))),
];

/** A Pod of the agents' DaemonSet. */
export function agentPod(node: string, name = `agent-${node}`): KubernetesObject {
  return {
    kind: 'Pod',
    metadata: {
      namespace: SERVER_NAMESPACE,
      name,
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'rolegate-agent', controller: true },
      ],
    },
    spec: {
      nodeName: node,
      serviceAccountName: 'rolegate-agent',
      hostNetwork: true,
      containers: [{ name: 'agent', image: 'example.com/agent:1' }],
    },
    status: { phase: 'Running' },
  };
}
