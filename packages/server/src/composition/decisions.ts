import type { ServerConfig } from '../config/server-config.ts';
import { createRoleBaseArnDetection } from '../credentials/role-base-arn.ts';
import { createDecisions } from '../decisions/decisions.ts';
import { createNodes } from '../feed/nodes/nodes.ts';
import type { ServingNodes } from '../feed/serving-nodes.ts';
import type { ForeignNodes } from '../identity/foreign-nodes.ts';
import type { ServerMemory } from '../memory/memory.ts';
import type { ServerMetrics } from '../metrics/metrics.ts';
import { createPolicy } from '../policy/decide.ts';
import type { PolicySettings } from '../policy/decide.ts';
import type { FollowedCluster } from './cluster.ts';
import type { IssuedSessions } from './credentials.ts';
import type { ServerDeps } from './deps.ts';

interface Known extends FollowedCluster, IssuedSessions {
  readonly servingNodes: ServingNodes;
  readonly foreignNodes: ForeignNodes;
  readonly metrics: ServerMetrics;
  readonly memory: ServerMemory;
}

/** Decides the Pods of all nodes, and detects the role base ARN if no flag sets it. */
export function decidePods({ config, clock, log, random }: ServerDeps, known: Known) {
  const { pods, namespaces, serviceAccounts, events, sessions, sts, metrics, memory } = known;
  const { servingNodes, foreignNodes } = known;
  const base = { arn: config.roles.baseArn };
  const policy = createPolicy(policySettings(config, base));
  const cluster = { pods, namespaces, serviceAccounts };
  const decisions = createDecisions({
    cluster,
    policy,
    clock,
    log,
    memory,
    serves: servingNodes.serves,
  });
  const nodes = createNodes({
    decisions,
    pods,
    sessions,
    clock,
    metrics,
    memory,
    warn: events.warn,
    moved: ({ namespace, name, nodeName }, from) => {
      const message = `Pod ${namespace}/${name} has moved to node ${nodeName}, which the API server does not allow`;
      foreignNodes.refuse(message, { peer: 'the API server', node: from });
    },
    audit: ({ namespace, name, uid }, reason, message) => {
      metrics.auditRefusal(reason);
      log.info('role would be refused with --namespace-policy enforce', {
        audit: true,
        reason,
        namespace,
        pod: name,
        uid,
        error: message,
      });
    },
  });
  servingNodes.onChange(nodes.reconsider);
  const onFound = (arn: string) => {
    base.arn = arn;
    decisions.reconsider();
  };
  const detection = createRoleBaseArnDetection({ callerArn: sts.callerArn, clock, random, log, onFound });
  const { permittedBy, about } = policy;
  return { nodes, decisions, detection, roleBaseArn: () => base.arn, permittedBy, about };
}

/** `base` may get its ARN later, by detection. */
function policySettings(
  { roles, sessions, clusterName }: ServerConfig,
  base: { readonly arn: string | undefined },
): PolicySettings {
  return {
    get roleBaseArn() {
      return base.arn;
    },
    ceilings: roles.ceilings,
    namespacePolicy: roles.namespacePolicy,
    defaultRole: roles.defaultRole,
    sessionScope: sessions.scope,
    sessionNameTemplate: sessions.nameTemplate,
    sourceIdentityTemplate: sessions.sourceIdentityTemplate,
    sessionTagTemplates: sessions.tagTemplates,
    durationSeconds: sessions.durationMs / 1000,
    clusterName,
  };
}
