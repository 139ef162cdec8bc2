import type { ServingNodes } from '../feed/serving-nodes.ts';
import { createPodTokenReviews } from '../identity/pod-token-reviews.ts';
import type { ReviewPodToken } from '../identity/pod-token-reviews.ts';
import { createTokenReviews } from '../identity/token-review.ts';
import { createIssuerKeys } from '../issuer-keys/issuer-keys.ts';
import { readOwnToken } from '../issuer-keys/own-token.ts';
import { createReadDocuments } from '../issuer-keys/read-documents.ts';
import type { IssuerKeys } from '../issuer-keys/issuer-keys.ts';
import type { PortLimitHit } from '../limits/limit-hits.ts';
import type { ServerMemory } from '../memory/memory.ts';
import type { ServerMetrics } from '../metrics/metrics.ts';
import type { FollowedCluster } from './cluster.ts';
import type { ServerDeps } from './deps.ts';

export interface ContainerCredentialsDeps extends ServerDeps {
  readonly cluster: FollowedCluster;
  readonly servingNodes: ServingNodes;
  readonly metrics: ServerMetrics;
}

export interface PodTokensDeps extends Omit<ContainerCredentialsDeps, 'servingNodes'> {
  readonly issuerKeys: IssuerKeys;
  readonly memory: ServerMemory;
  readonly hit: PortLimitHit;
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
  return issuerKeys;
}

/** Asks the API server about Pods' tokens whose key or issuer their agent does not know. */
export function reviewPodTokens({
  config,
  cluster,
  issuerKeys,
  clock,
  memory,
  metrics,
  hit,
}: PodTokensDeps): ReviewPodToken {
  const { audience } = config.containerCredentials;
  const of = { whose: "the Pod's token", meaning: 'the agent asks again' };
  return createPodTokenReviews({
    review: createTokenReviews({ connection: cluster.connection, clock, audience, of }),
    audience,
    podOf: (uid) => cluster.pods.get(uid),
    keys: issuerKeys,
    clock,
    hit,
    metrics,
    memory,
  });
}
