import { createImdsClient } from '@rolegate/sandbox';
import { eventually } from '@rolegate/testing';
import type { ClusterObjects, RealPod } from '../cluster-objects.ts';
import { createAudit } from './audit.ts';
import type { Audit } from './audit.ts';
import type { AgentNode, IdentityWorld } from './world.ts';

const ROLE = 'iam.amazonaws.com/role';
/** Changes take one second; covers a busy machine. */
const IN_FORCE = { withinMs: 15_000, everyMs: 50 };

export interface IdentityContextDeps {
  readonly world: IdentityWorld;
  readonly objects: ClusterObjects;
  /** Path of the key that signs ServiceAccount tokens. If it exists, an expired token is made with it. */
  readonly signingKey: string;
}

/** The context of the steps. */
export interface IdentityContext extends IdentityContextDeps {
  readonly audit: Audit;
  /** The Namespace of the Pods, which permits team/.* */
  readonly open: () => string;
  /** Creates a running Pod with a CNI result. */
  readonly startPod: (node: AgentNode, name: string, ip: string) => Promise<RealPod>;
  readonly pod: (name: string) => RealPod;
  readonly expectRole: (node: AgentNode, ip: string, role: string) => Promise<void>;
  readonly expectStatus: (node: AgentNode, ip: string, status: number) => Promise<void>;
}

export function createContext(deps: IdentityContextDeps): IdentityContext {
  const { world, objects } = deps;
  const pods = new Map<string, RealPod>();
  let namespace: string | undefined;
  const open = () => {
    if (namespace === undefined) throw new Error('no Pod was created yet');
    return namespace;
  };
  return {
    ...deps,
    audit: createAudit(world.serverLog),
    open,
    async startPod(node, name, ip) {
      namespace ??= await objects.namespace('identity-open', { 'iam.amazonaws.com/permitted': 'team/.*' });
      const annotations = { [ROLE]: `team/${name}` };
      const pod = await objects.pod({ namespace, name, node: node.name, ip, annotations });
      await node.cni.add({ uid: pod.uid, namespace, name, ips: [ip] });
      await objects.reportRunning(pod);
      pods.set(name, pod);
      return pod;
    },
    pod(name) {
      const pod = pods.get(name);
      if (pod === undefined) throw new Error(`there is no Pod ${name}`);
      return pod;
    },
    expectRole: ({ agent }, ip, wanted) =>
      eventually(async () => {
        const { status, role, body } = await createImdsClient({ ip, agent }).credentials();
        if (status !== 200 || role !== wanted)
          throw new Error(`${ip} got ${status} ${role}, not ${wanted}: ${body}`);
      }, IN_FORCE),
    expectStatus: ({ agent }, ip, wanted) =>
      eventually(async () => {
        const { status, body } = await createImdsClient({ ip, agent }).credentials();
        if (status !== wanted) throw new Error(`${ip} got ${status}, not ${wanted}: ${body}`);
      }, IN_FORCE),
  };
}
