import type { RolegatePod } from '../cluster/rolegate-pods.ts';
import type { LogSource } from './entry.ts';

/** The containers of the Pods whose logs can have lines that are asked for, agents and servers alike. */
export function sourcesOf(pods: readonly RolegatePod[], node: string | undefined): readonly LogSource[] {
  return (
    pods
      .filter((pod) => pod.node !== '')
      // What is about a node is in the logs of its own agent and of all servers.
      .filter((pod) => node === undefined || pod.component === 'server' || pod.node === node)
      .flatMap((pod) =>
        pod.containers.map((container) => ({
          namespace: pod.namespace,
          pod: pod.name,
          container,
          node: pod.node,
          component: pod.component,
        })),
      )
  );
}

export function sourceKey({ namespace, pod, container }: LogSource): string {
  return `${namespace}/${pod}/${container}`;
}
