import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { AdmissionregistrationV1Api } from '@kubernetes/client-node';
import type {
  V1ValidatingAdmissionPolicy,
  V1ValidatingAdmissionPolicyBinding,
} from '@kubernetes/client-node';
import { eventually } from '@rolegate/testing';
import { parseAllDocuments } from 'yaml';
import type { IdentityContext } from './context.ts';
import type { Kubelet } from './kubelet.ts';
import { createKubelet } from './kubelet.ts';
import type { ClusterStep } from '../world.ts';

const ROLE = 'iam.amazonaws.com/role';
const POLICY = fileURLToPath(
  new URL('../../../docs/examples/validating-admission-policy.yaml', import.meta.url),
);
/** Time for the API server to activate a policy. Milliseconds. */
const POLICY_WITHIN_MS = 30_000;

/** An attacker with node A's kubelet credentials gets nothing of node B. */
export function kubeletSteps(context: IdentityContext): ClusterStep[] {
  const { world, audit } = context;
  const [a, b] = world.nodes;
  let made: Kubelet | undefined;
  const kubelet = async () => (made ??= await createKubelet({ kubeConfig: world.kubeConfig, node: a }));
  const mirrorUid = 'f0'.repeat(16);

  return [
    {
      title: 'A kubelet cannot get a token for the agent of another node',
      async run() {
        const attacker = await kubelet();
        const account = { namespace: world.namespace, name: 'rolegate-agent' };
        await forbidden(() => attacker.token(account, { bound: { kind: 'Pod', ...b.pod } }));
        await forbidden(() => attacker.token(account, { bound: { kind: 'Node', name: b.name, uid: b.uid } }));
        const own = await attacker.token(account, { bound: { kind: 'Pod', ...a.pod } });
        const tls = await world.peer().attest(own);
        await audit.expectRefusal(() => world.peer().feed({ nodeName: b.name }, tls), /but the report is of/);
      },
    },
    {
      title: 'A kubelet cannot change Pods on another node',
      async run() {
        const attacker = await kubelet();
        await forbidden(() => attacker.annotate(context.pod('of-b'), { [ROLE]: 'team/stolen' }));
        await forbidden(() => attacker.report(context.pod('of-b'), '127.9.2.1'));
      },
    },
    {
      title: 'A mirror Pod gets no role and cannot be turned into another Pod',
      async run() {
        const [attacker, mirror] = [await kubelet(), { namespace: context.open(), name: 'mirror' }];
        await attacker.mirror(mirror, { [ROLE]: 'team/of-b' });
        await a.cni.add({ uid: mirrorUid, ...mirror, ips: ['127.9.2.9'] });
        await context.expectStatus(a, '127.9.2.9', 403);
        await forbidden(() => attacker.annotate(mirror, { 'kubernetes.io/config.mirror': null }), 422);
        await forbidden(() => attacker.mirror({ ...mirror, name: 'elsewhere' }, {}, b));
      },
    },
    {
      title: "If node A claims the address of node B's Pod, A gets its own Pod, and B's Pod is still served",
      run: async () => claimAddress(context, await kubelet()),
    },
    {
      title: 'Annotations set through pods/status give only what the Namespace permits',
      async run() {
        const [attacker, own] = [await kubelet(), context.pod('of-a')];
        await attacker.annotate(own, { [ROLE]: 'other/admin' });
        await context.expectStatus(a, own.ip, 403);
        // Without the policy of the next step, a stolen node can do this.
        await attacker.annotate(own, { [ROLE]: 'team/second' });
        await context.expectRole(a, own.ip, 'team/second');
        await context.objects.annotatePod(own, { [ROLE]: 'team/of-a' });
        await context.expectRole(a, own.ip, 'team/of-a');
      },
    },
    {
      title: 'With the ValidatingAdmissionPolicy from the docs, a node cannot set Rolegate annotations',
      run: () => withPolicy(context, async () => checkPolicy(context, await kubelet())),
    },
  ];
}

async function claimAddress(context: IdentityContext, attacker: Kubelet): Promise<void> {
  const { world } = context;
  const [a, b] = world.nodes;
  const own = context.pod('of-a');
  await attacker.report(own, '127.9.3.1');
  const token = await world.daemonSet.token({ bound: { kind: 'Pod', ...a.pod } });
  const tls = await world.peer().attest(token);
  await eventually(
    async () => {
      const { pod } = await world.peer().resolve('127.9.3.1', tls);
      if (pod?.uid !== own.uid) throw new Error(`A got Pod ${String(pod?.uid)}`);
    },
    { withinMs: 15_000, everyMs: 200 },
  );
  await context.expectRole(b, '127.9.3.1', 'team/of-b');
  await attacker.report(own, own.ip);
}

async function checkPolicy(context: IdentityContext, attacker: Kubelet): Promise<void> {
  const own = context.pod('of-a');
  let tries = 0;
  // A different role each time, because an unchanged annotation is allowed.
  await eventually(() => forbidden(() => attacker.annotate(own, { [ROLE]: `team/try-${tries++}` })), {
    withinMs: POLICY_WITHIN_MS,
    everyMs: 500,
  });
  await context.objects.annotatePod(own, { [ROLE]: 'team/of-a' });
  await forbidden(() => attacker.annotate(own, { 'rolegate.dev/session-tags': '{}' }));
  await forbidden(() => attacker.annotate(own, { [ROLE]: null }));
  await forbidden(() =>
    attacker.mirror({ namespace: context.open(), name: 'mirror-2' }, { [ROLE]: 'team/x' }),
  );
  await attacker.mirror({ namespace: context.open(), name: 'mirror-3' });
  await attacker.annotate(own, { 'example.com/other': 'x' });
  await attacker.report(own, own.ip);
  const [a] = context.world.nodes;
  await context.expectRole(a, own.ip, 'team/of-a');
}

/** Uses a unique name, because the cluster may already have the policy. */
async function withPolicy({ world }: IdentityContext, check: () => Promise<void>): Promise<void> {
  const api = world.kubeConfig.makeApiClient(AdmissionregistrationV1Api);
  const name = `${world.namespace}-policy`;
  const [policy, binding] = parseAllDocuments(await readFile(POLICY, 'utf8')).map(
    (document) => document.toJS() as unknown,
  ) as [V1ValidatingAdmissionPolicy, V1ValidatingAdmissionPolicyBinding];
  for (const object of [policy, binding]) object.metadata = { name };
  binding.spec.policyName = name;
  try {
    await api.createValidatingAdmissionPolicy({ body: policy });
    await api.createValidatingAdmissionPolicyBinding({ body: binding });
    await check();
  } finally {
    await Promise.allSettled([
      api.deleteValidatingAdmissionPolicyBinding({ name }),
      api.deleteValidatingAdmissionPolicy({ name }),
    ]);
  }
}

/** Expects that the API server refuses. */
async function forbidden(attempt: () => Promise<unknown>, code = 403): Promise<void> {
  const outcome = await attempt().then(
    () => 'it was allowed',
    (error: unknown) => (error as { code?: unknown }).code,
  );
  if (outcome !== code) throw new Error(`the API server answered ${String(outcome)}, not ${code}`);
}
