import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { AdmissionregistrationV1Api } from '@kubernetes/client-node';
import type {
  V1ValidatingAdmissionPolicy,
  V1ValidatingAdmissionPolicyBinding,
} from '@kubernetes/client-node';
import { eventually } from '@rolegate/testing';
import { parseAllDocuments } from 'yaml';
import type { IdentityStage } from './stage.ts';
import type { Kubelet } from './kubelet.ts';
import { createKubelet } from './kubelet.ts';
import type { ClusterStep } from '../world.ts';

const ROLE = 'iam.amazonaws.com/role';
const POLICY = fileURLToPath(
  new URL('../../../docs/examples/validating-admission-policy.yaml', import.meta.url),
);
/** The API server compiles and spreads a new policy. Milliseconds. */
const POLICY_WITHIN_MS = 30_000;

/** Who has node A's kubelet credentials comes at nothing of node B. */
export function kubeletSteps(stage: IdentityStage): ClusterStep[] {
  const { world, audit } = stage;
  const [a, b] = world.nodes;
  let made: Kubelet | undefined;
  const kubelet = async () => (made ??= await createKubelet({ kubeConfig: world.kubeConfig, node: a }));
  const mirrorUid = 'f0'.repeat(16);

  return [
    {
      title: "a kubelet gets no token of the agent's on another node",
      async run() {
        const thief = await kubelet();
        const account = { namespace: world.namespace, name: 'rolegate-agent' };
        await forbidden(() => thief.token(account, { bound: { kind: 'Pod', ...b.pod } }));
        await forbidden(() => thief.token(account, { bound: { kind: 'Node', name: b.name, uid: b.uid } }));
        const own = await thief.token(account, { bound: { kind: 'Pod', ...a.pod } });
        const shown = await world.peer().attest(own);
        await audit.refused(() => world.peer().feed({ nodeName: b.name }, shown), /but the report is of/);
      },
    },
    {
      title: 'a kubelet cannot change Pods of another node',
      async run() {
        const thief = await kubelet();
        await forbidden(() => thief.annotate(stage.pod('of-b'), { [ROLE]: 'team/stolen' }));
        await forbidden(() => thief.report(stage.pod('of-b'), '127.9.2.1'));
      },
    },
    {
      title: 'a mirror Pod gets no role, and cannot become another Pod',
      async run() {
        const [thief, mirror] = [await kubelet(), { namespace: stage.open(), name: 'mirror' }];
        await thief.mirror(mirror, { [ROLE]: 'team/of-b' });
        await a.cni.add({ uid: mirrorUid, ...mirror, ips: ['127.9.2.9'] });
        await stage.expectStatus(a, '127.9.2.9', 403);
        await forbidden(() => thief.annotate(mirror, { 'kubernetes.io/config.mirror': null }), 422);
        await forbidden(() => thief.mirror({ ...mirror, name: 'elsewhere' }, {}, b));
      },
    },
    {
      title: "an address of B's Pod that A claims yields A's own Pod, and B's Pod goes on",
      run: async () => claimAddress(stage, await kubelet()),
    },
    {
      title: 'annotations through pods/status bring what the Namespace permits, and no more',
      async run() {
        const [thief, own] = [await kubelet(), stage.pod('of-a')];
        await thief.annotate(own, { [ROLE]: 'other/admin' });
        await stage.expectStatus(a, own.ip, 403);
        // The honest bound of a stolen node, without the policy of the next step.
        await thief.annotate(own, { [ROLE]: 'team/second' });
        await stage.expectRole(a, own.ip, 'team/second');
        await stage.objects.annotatePod(own, { [ROLE]: 'team/of-a' });
        await stage.expectRole(a, own.ip, 'team/of-a');
      },
    },
    {
      title: 'with the ValidatingAdmissionPolicy of the docs a node sets no annotation of ours',
      run: () => withPolicy(stage, async () => showPolicy(stage, await kubelet())),
    },
  ];
}

async function claimAddress(stage: IdentityStage, thief: Kubelet): Promise<void> {
  const { world } = stage;
  const [a, b] = world.nodes;
  const own = stage.pod('of-a');
  await thief.report(own, '127.9.3.1');
  const token = await world.daemonSet.token({ bound: { kind: 'Pod', ...a.pod } });
  const shown = await world.peer().attest(token);
  await eventually(
    async () => {
      const { pod } = await world.peer().resolve('127.9.3.1', shown);
      if (pod?.uid !== own.uid) throw new Error(`A was given Pod ${String(pod?.uid)}`);
    },
    { withinMs: 15_000, everyMs: 200 },
  );
  await stage.expectRole(b, '127.9.3.1', 'team/of-b');
  await thief.report(own, own.ip);
}

async function showPolicy(stage: IdentityStage, thief: Kubelet): Promise<void> {
  const own = stage.pod('of-a');
  let tries = 0;
  // What is no change is no node's doing: each time another.
  await eventually(() => forbidden(() => thief.annotate(own, { [ROLE]: `team/try-${tries++}` })), {
    withinMs: POLICY_WITHIN_MS,
    everyMs: 500,
  });
  await stage.objects.annotatePod(own, { [ROLE]: 'team/of-a' });
  await forbidden(() => thief.annotate(own, { 'rolegate.dev/session-tags': '{}' }));
  await forbidden(() => thief.annotate(own, { [ROLE]: null }));
  await forbidden(() => thief.mirror({ namespace: stage.open(), name: 'mirror-2' }, { [ROLE]: 'team/x' }));
  await thief.mirror({ namespace: stage.open(), name: 'mirror-3' });
  await thief.annotate(own, { 'example.com/other': 'x' });
  await thief.report(own, own.ip);
  const [a] = stage.world.nodes;
  await stage.expectRole(a, own.ip, 'team/of-a');
}

/** Under a name of this run: clusters may have it already. */
async function withPolicy({ world }: IdentityStage, show: () => Promise<void>): Promise<void> {
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
    await show();
  } finally {
    await Promise.allSettled([
      api.deleteValidatingAdmissionPolicyBinding({ name }),
      api.deleteValidatingAdmissionPolicy({ name }),
    ]);
  }
}

/** The API server itself refuses. */
async function forbidden(attempt: () => Promise<unknown>, code = 403): Promise<void> {
  const outcome = await attempt().then(
    () => 'it was allowed',
    (error: unknown) => (error as { code?: unknown }).code,
  );
  if (outcome !== code) throw new Error(`the API server says ${String(outcome)}, not ${code}`);
}
