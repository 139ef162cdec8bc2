import type { ServingNodes } from '../feed/serving-nodes.ts';
import { createIssuerKeys } from '../issuer-keys/issuer-keys.ts';
import { readOwnToken } from '../issuer-keys/own-token.ts';
import { createReadDocuments } from '../issuer-keys/read-documents.ts';
import type { ServerMetrics } from '../metrics/metrics.ts';
import type { FollowedCluster } from './cluster.ts';
import type { ServerDeps } from './deps.ts';

export interface ContainerCredentialsDeps extends ServerDeps {
  readonly cluster: FollowedCluster;
  readonly servingNodes: ServingNodes;
  readonly metrics: ServerMetrics;
}

/** Reads the keys of Pods' ServiceAccount tokens while an agent serves container credentials. */
export function followIssuer({
  config,
  cluster,
  servingNodes,
  clock,
  log,
  metrics,
}: ContainerCredentialsDeps) {
  const issuerKeys = createIssuerKeys({
    read: createReadDocuments(cluster.connection),
    // With a kubeconfig, the token of the Pod may be of another cluster.
    ownToken: () => (config.kubeconfigFile === undefined ? readOwnToken() : undefined),
    settings: config.containerCredentials,
    needed: servingNodes,
    clock,
    log,
    metrics,
  });
  return { issuerKeys };
}
