import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mountBundle } from '@rolegate/sandbox';
import type { KubernetesApi } from '@rolegate/testing';

/** The Namespace of servers and agents. */
const NAMESPACE = 'rolegate';
/** The name of the ConfigMap in the chart. */
const NAME = 'rolegate-authority';

/** What an agent on one node gets from the kubelet. */
export interface AgentVolumes {
  /** The Namespace of the agent and the servers. */
  readonly namespace: string;
  /** The CA bundle. It may not exist yet. */
  readonly caFile: string;
  readonly tokenFile: string;
}

/** The servers' own authority, and the agents' Pods whose tokens prove their nodes. */
export interface Authority {
  /** The CA bundle as PEM, or '' if no server has published it yet. */
  readonly bundle: () => string;
  /** Issues a token for an agent's Pod on the node. */
  readonly token: (node: string) => string;
  /** Writes a token for an agent on the node. */
  readonly agentOn: (node: string) => Promise<AgentVolumes>;
}

/** Mounts the bundle that servers publish. Closed with the stack. */
export async function openAuthority(
  { folder, api }: { readonly folder: string; readonly api: KubernetesApi },
  stack: AsyncDisposableStack,
): Promise<Authority> {
  api.apply({ kind: 'Namespace', metadata: { name: NAMESPACE } });
  const read = () => Promise.resolve(bundleOf(api));
  const bundle = stack.use(await mountBundle({ folder: join(folder, 'bundle'), read }));
  const token = (node: string) => api.issueToken({ pod: applyAgentPod(api, node) });
  return {
    bundle: bundle.pem,
    token,
    async agentOn(node) {
      const tokenFile = join(folder, `token-${node}`);
      await writeFile(tokenFile, token(node));
      return { namespace: NAMESPACE, caFile: bundle.path, tokenFile };
    },
  };
}

/** Creates the Pod that the agents' DaemonSet runs on the node, and returns its name with the Namespace. */
function applyAgentPod(api: KubernetesApi, node: string): string {
  const name = `rolegate-agent-${node}`;
  const owner = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'rolegate-agent', controller: true };
  api.apply({ kind: 'Node', metadata: { name: node } });
  api.apply({
    kind: 'Pod',
    metadata: { namespace: NAMESPACE, name, ownerReferences: [owner] },
    spec: { nodeName: node, serviceAccountName: 'rolegate-agent', hostNetwork: true },
    status: { phase: 'Running' },
  });
  return `${NAMESPACE}/${name}`;
}

function bundleOf(api: KubernetesApi): string | undefined {
  const found = api.get('ConfigMap', NAMESPACE, NAME) as { data?: Record<string, string> } | undefined;
  return found?.data?.['ca.crt'];
}
