import type { CoreV1Api, KubeConfig, V1Pod } from '@kubernetes/client-node';
import { AppsV1Api } from '@kubernetes/client-node';
import { eventually } from '@rolegate/testing';

const AUDIENCE = 'rolegate-server';
const AGENT = 'rolegate-agent';
/** Covers controller and scheduler on a busy machine. */
const BOUND_WITHIN_MS = 60_000;
const LOOK_MS = 200;
/** The shortest lifetime that the API server allows. */
const TOKEN_SECONDS = 600;

export interface TokenOptions {
  readonly account?: string;
  readonly audience?: string;
  readonly bound?: { readonly kind: 'Pod' | 'Node'; readonly name: string; readonly uid: string };
}

export interface AgentDaemonSet {
  /** Waits for the agent's Pod on the node, other than the one with the UID `but`. */
  podOn(node: string, but?: string): Promise<{ readonly name: string; readonly uid: string }>;
  /** Requests a token with the TokenRequest API. */
  token(options: TokenOptions): Promise<string>;
  /** Deletes the Pod immediately; the controller creates another one. */
  deletePod(name: string): Promise<void>;
  /** Creates a Pod with the agents' ServiceAccount that no DaemonSet controls. */
  strayPod(name: string, node: string): Promise<{ readonly name: string; readonly uid: string }>;
}

export interface AgentDaemonSetDeps {
  readonly kubeConfig: KubeConfig;
  readonly core: CoreV1Api;
  readonly namespace: string;
  /** Nodes with this label get a Pod. */
  readonly label: Readonly<Record<string, string>>;
}

/** A kubelet only gets tokens for audiences that its Pods mount. */
const TOKEN_VOLUME = {
  name: 'token',
  projected: {
    sources: [{ serviceAccountToken: { audience: AUDIENCE, expirationSeconds: 3600, path: 'token' } }],
  },
};

async function createDaemonSet({ kubeConfig, namespace, label }: AgentDaemonSetDeps): Promise<void> {
  const labels = { app: AGENT };
  await kubeConfig.makeApiClient(AppsV1Api).createNamespacedDaemonSet({
    namespace,
    body: {
      metadata: { name: AGENT },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: AGENT,
            nodeSelector: { ...label },
            tolerations: [{ operator: 'Exists' }],
            containers: [{ name: 'agent', image: 'example.invalid/agent' }],
            volumes: [TOKEN_VOLUME],
          },
        },
      },
    },
  });
}

/** Creates a real DaemonSet. No kubelet runs its Pods. */
export async function createAgentDaemonSet(deps: AgentDaemonSetDeps): Promise<AgentDaemonSet> {
  const { core, namespace } = deps;
  await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: AGENT } } });
  await createDaemonSet(deps);

  async function find(node: string, but: string): Promise<V1Pod> {
    const { items } = await core.listNamespacedPod({ namespace, labelSelector: `app=${AGENT}` });
    const found = items.find(
      ({ spec, metadata }) => spec?.nodeName === node && (metadata?.uid ?? '') !== but,
    );
    if (found === undefined) throw new Error(`no agent Pod on node ${node}`);
    return found;
  }

  return {
    async podOn(node, but = '') {
      const patience = { withinMs: BOUND_WITHIN_MS, everyMs: LOOK_MS };
      const { metadata } = await eventually(() => find(node, but), patience);
      return { name: metadata?.name ?? '', uid: metadata?.uid ?? '' };
    },
    async token({ account = AGENT, audience = AUDIENCE, bound }) {
      const { status } = await core.createNamespacedServiceAccountToken({
        namespace,
        name: account,
        body: {
          spec: {
            audiences: [audience],
            expirationSeconds: TOKEN_SECONDS,
            ...(bound !== undefined && { boundObjectRef: { apiVersion: 'v1', ...bound } }),
          },
        },
      });
      return status?.token ?? '';
    },
    async deletePod(name) {
      await core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 });
    },
    async strayPod(name, node) {
      const containers = [{ name: 'app', image: 'example.invalid/app' }];
      const spec = { nodeName: node, serviceAccountName: AGENT, containers };
      const { metadata } = await core.createNamespacedPod({
        namespace,
        body: { metadata: { name }, spec: { ...spec, terminationGracePeriodSeconds: 0 } },
      });
      return { name, uid: metadata?.uid ?? '' };
    },
  };
}
