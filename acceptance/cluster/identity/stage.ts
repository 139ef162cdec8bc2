import { createImdsClient } from '@rolegate/sandbox';
import { eventually } from '@rolegate/testing';
import type { ClusterObjects, RealPod } from '../cluster-objects.ts';
import { createAudit } from './audit.ts';
import type { Audit } from './audit.ts';
import type { AgentNode, IdentityWorld } from './world.ts';

const ROLE = 'iam.amazonaws.com/role';
/** A busy machine gets more than the second that a change takes. Milliseconds. */
const IN_FORCE = { withinMs: 15_000, everyMs: 50 };

export interface IdentityStageDeps {
  readonly world: IdentityWorld;
  readonly objects: ClusterObjects;
  /** The key that signs ServiceAccounts' tokens, where one has it: an expired token is made with it. */
  readonly signingKey: string;
}

/** What the steps share. */
export interface IdentityStage extends IdentityStageDeps {
  readonly audit: Audit;
  /** The Namespace of the Pods; it permits team/.* */
  readonly open: () => string;
  /** A Pod on the node, with an address that runtime, API and agent know. */
  readonly startPod: (node: AgentNode, name: string, ip: string) => Promise<RealPod>;
  readonly pod: (name: string) => RealPod;
  readonly expectRole: (node: AgentNode, ip: string, role: string) => Promise<void>;
  readonly expectStatus: (node: AgentNode, ip: string, status: number) => Promise<void>;
}

export function createStage(deps: IdentityStageDeps): IdentityStage {
  const { world, objects } = deps;
  const pods = new Map<string, RealPod>();
  let namespace: string | undefined;
  const open = () => {
    if (namespace === undefined) throw new Error('the Namespace of the Pods was not made');
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
      if (pod === undefined) throw new Error(`the Pod ${name} was not made`);
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
