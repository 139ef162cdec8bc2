import { createImdsClient } from '@rolegate/sandbox';
import { eventually } from '@rolegate/testing';
import { createAudit } from './audit.ts';
import type { Audit } from './audit.ts';
import type { ClusterObjects, RealPod } from '../cluster-objects.ts';
import { foreignNodeSteps } from './other-nodes.ts';
import { kubeletSteps } from './kubelets.ts';
import { rotationSteps } from './rotation.ts';
import { shutOutSteps } from './shut-out.ts';
import { tokenSteps } from './tokens.ts';
import type { AgentNode, IdentityWorld } from './world.ts';
import type { ScenarioStep } from '../steps.ts';

const ROLE = 'iam.amazonaws.com/role';
/** A busy machine gets more than the second that a change takes. Milliseconds. */
const IN_FORCE = { withinMs: 15_000, everyMs: 50 };

export interface IdentityScenarioDeps {
  readonly world: IdentityWorld;
  readonly objects: ClusterObjects;
  readonly stsEndpoint: string;
  /** The key that signs ServiceAccounts' tokens, where one has it: an expired token is made with it. */
  readonly signingKey: string;
}

/** What the steps share. */
export interface IdentityStage extends IdentityScenarioDeps {
  readonly audit: Audit;
  /** The Namespace of the Pods; it permits team/.* */
  readonly open: () => string;
  /** A Pod on the node, with an address that runtime, API and agent know. */
  readonly startPod: (node: AgentNode, name: string, ip: string) => Promise<RealPod>;
  readonly pod: (name: string) => RealPod;
  readonly expectRole: (node: AgentNode, ip: string, role: string) => Promise<void>;
  readonly expectStatus: (node: AgentNode, ip: string, status: number) => Promise<void>;
}

/** What is shown of identity against a real API server: real DaemonSet, real bound tokens, real TokenReview. */
export function identityScenario(deps: IdentityScenarioDeps): ScenarioStep[] {
  const stage = createStage(deps);
  const { world } = deps;
  const [a, b, c] = world.nodes;
  return [
    { name: 'three servers that start at once share one authority', run: () => expectOneAuthority(world) },
    {
      name: 'an agent has the Pods of its node, and no others',
      async run() {
        await stage.startPod(a, 'of-a', '127.9.2.1');
        await stage.startPod(b, 'of-b', '127.9.3.1');
        await stage.startPod(c, 'of-c', '127.9.4.1');
        await stage.expectRole(a, '127.9.2.1', 'team/of-a');
        await stage.expectRole(b, '127.9.3.1', 'team/of-b');
        await stage.expectRole(c, '127.9.4.1', 'team/of-c');
        await stage.expectStatus(a, '127.9.3.1', 503);
      },
    },
    ...foreignNodeSteps(stage),
    ...tokenSteps(stage),
    ...kubeletSteps(stage),
    ...rotationSteps(stage),
    ...shutOutSteps(stage),
  ];
}

function createStage(deps: IdentityScenarioDeps): IdentityStage {
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

async function expectOneAuthority({ secret, serverLog, serverPorts, bundle }: IdentityWorld): Promise<void> {
  const { authorities } = JSON.parse((await secret())['authorities.json'] ?? '') as {
    authorities: { id: string; state: string }[];
  };
  if (authorities.length !== 1) throw new Error(`the Secret holds ${authorities.length} authorities`);
  const found = serverLog.filter(({ msg }) => msg === 'authority found').map(({ authority }) => authority);
  const all = serverPorts.map(() => authorities[0]?.id);
  if (JSON.stringify(found) !== JSON.stringify(all))
    throw new Error(`the servers know ${JSON.stringify(found)}, the Secret ${JSON.stringify(all)}`);
  const published = bundle.pem().match(/BEGIN CERTIFICATE/g)?.length;
  if (published !== 1) throw new Error(`the ConfigMap publishes ${String(published)} certificates`);
}
