import { KubeConfig } from '@kubernetes/client-node';
import { startKubernetesApi } from '@rolegate/testing';
import type { KubernetesApi, KubernetesApiOptions } from '@rolegate/testing';

/** A Pod and the logs of its containers. Each line begins with the kubelet's time. */
export interface StandInPod {
  readonly name: string;
  readonly node: string;
  readonly component: 'agent' | 'server';
  readonly namespace?: string;
  readonly logs: Readonly<Record<string, readonly string[]>>;
}

/** A fake API server with Pods of agents and servers. */
export interface StandInCluster extends AsyncDisposable {
  readonly api: KubernetesApi;
  readonly kubeConfig: KubeConfig;
  readonly url: string;
  /** Requests as `path?query`. */
  readonly requests: readonly string[];
  /** Rights that are refused, e.g. `list pods` or `list pods in rolegate`. */
  readonly forbidden: Set<string>;
  add(pod: StandInPod): void;
  remove(name: string): void;
  /** Adds a line to a log; whoever follows it gets it. */
  write(pod: string, container: string, line: string): void;
  /** Ends the open streams of a log, as the kubelet does now and then. */
  endStreams(pod: string): void;
}

export async function startStandInCluster(
  pods: readonly StandInPod[] = [],
  options: Pick<KubernetesApiOptions, 'exec' | 'tls'> = {},
): Promise<StandInCluster> {
  const requests: string[] = [];
  const api = await startKubernetesApi({ ...options, onRequest: (url) => requests.push(url) });
  const namespaces = new Map<string, string>();
  const namespaceOf = (pod: string) => namespaces.get(pod) ?? NAMESPACE;

  function add(pod: StandInPod): void {
    namespaces.set(pod.name, pod.namespace ?? NAMESPACE);
    api.apply(podObject(pod));
    for (const [container, lines] of Object.entries(pod.logs))
      for (const line of lines) write(pod.name, container, line);
  }

  function write(pod: string, container: string, line: string): void {
    const [stamp = ''] = line.split(' ', 1);
    api.writeLog(
      { namespace: namespaceOf(pod), pod, container },
      line.slice(stamp.length + 1),
      Date.parse(stamp),
    );
  }

  for (const pod of pods) add(pod);
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromString(api.kubeconfig());
  return {
    api,
    kubeConfig,
    url: api.url,
    requests,
    forbidden: api.forbidden,
    add,
    write,
    remove(pod) {
      api.delete('Pod', namespaceOf(pod), pod);
    },
    endStreams(pod) {
      api.endLogs(namespaceOf(pod), pod);
    },
    [Symbol.asyncDispose]: () => api.close(),
  };
}

const NAMESPACE = 'rolegate';

function podObject({ name, namespace = NAMESPACE, node, component, logs }: StandInPod) {
  return {
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels: { 'app.kubernetes.io/part-of': 'rolegate', 'app.kubernetes.io/component': component },
    },
    spec: {
      nodeName: node,
      containers: [...Object.keys(logs), 'mesh-proxy'].map((container) => ({ name: container })),
    },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  };
}
