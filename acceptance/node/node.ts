import type { Kubectl } from './kubectl.ts';

export interface ClusterNode {
  readonly name: string;
  /** Internal addresses. The first is that of status.hostIP. */
  readonly ips: readonly string[];
}

/** Finds the ready node of that name, or the only ready node. */
export async function findNode(kubectl: Kubectl, wanted: string | undefined): Promise<ClusterNode> {
  const { items } = (await kubectl.json('get', 'nodes')) as NodeList;
  const ready = items.filter(({ status }) =>
    status.conditions.some(({ type, status: value }) => type === 'Ready' && value === 'True'),
  );
  const [node, ...others] = ready.filter(({ metadata: { name } }) => wanted === undefined || name === wanted);
  if (node === undefined) throw new Error(`no node ${wanted ?? ''} is ready`);
  if (others.length > 0) throw new Error('several nodes are ready: choose one with --node');
  const internal = node.status.addresses.filter(({ type }) => type === 'InternalIP');
  return { name: node.metadata.name, ips: internal.map(({ address }) => address) };
}

interface NodeList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: {
      readonly conditions: readonly { readonly type: string; readonly status: string }[];
      readonly addresses: readonly { readonly type: string; readonly address: string }[];
    };
  }[];
}
