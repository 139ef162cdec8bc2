import type { KubernetesObject } from '@rolegate/testing';
import { SERVER_NAMESPACE } from '../../cluster/server.ts';

/** Nodes whose agents attest, renew and open streams all the time. The first four have honest tenants' Pods. */
const NODES = 24;
/** Every fourth of them is behind one address. */
const SHARED_EVERY = 4;

/** Of RFC 2544: the address behind which some agents are, and strangers. */
export const SHARED_ADDRESS = '198.18.1.1';
/** That of a stranger alone. */
export const STRANGERS_ADDRESS = '198.18.1.2';
/** Loopback addresses, of nobody else. */
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

/** All that the network namespace must have beside its loopback. */
export const addedAddresses: readonly string[] = [
  ...new Set([SHARED_ADDRESS, STRANGERS_ADDRESS].concat(agentNodes.map(({ address }) => address))),
];

/** A Pod of the agents' DaemonSet; its name is `agent-` and the node's if it is not given. */
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
