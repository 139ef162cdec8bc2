import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordedDecision } from '../../cluster/calls.ts';
import { tenantsStep } from '../step.ts';
import type { TenantsWorld, TenantsStep } from '../step.ts';
import { accountOf, namespaceOf, nodeAt, podOf } from '../../cluster/honest.ts';
import { applyHostile, clearHostile, HOSTILE, hostilePods, ROLE } from './hostile-tenant.ts';

/** Per kind. */
const NAMES = 7_000;
/** Per kind. With the ServiceAccount of every Namespace, 7,000 writes a second, more than etcd handles. */
const NAMES_PER_SECOND = 1_000;
/** Allowance for garbage and temporary heap growth. */
const MOST_LEFT_BYTES = 32 * 2 ** 20;
/** Time between deletion and recreation. Milliseconds. */
const LATE_MS = 2_000;
const SERVED_WITHIN_MS = 5_000;

const short = [
  { kind: 'Namespace', count: NAMES, name: 'short' },
  { kind: 'ServiceAccount', count: NAMES, name: 'short', namespace: HOSTILE },
  hostilePods('short', NAMES, { madeUpNodes: true, annotations: { [ROLE]: `${HOSTILE}/app` } }),
] as const;

const DEFAULT_ROLE = 'rolegate.dev/default-role';
const METADATA = 'rolegate.dev/metadata';

/** Tenants whose objects are deleted and recreated after their Pods were evaluated. */
const late = {
  account: { namespace: 'late-account', node: nodeAt(0) },
  closed: { namespace: 'late-closed', node: nodeAt(1) },
  permit: { namespace: 'late-permit', node: nodeAt(2) },
};

function lateNamespaces() {
  const { account, closed, permit } = late;
  const withAnnotations = (object: ReturnType<typeof namespaceOf>, more: Record<string, string>) => ({
    ...object,
    metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...more } },
  });
  return {
    account: withAnnotations(namespaceOf(account, 'late-account/.*'), {
      [DEFAULT_ROLE]: 'late-account/weak',
    }),
    closed: withAnnotations(namespaceOf(closed, 'late-closed/.*'), { [METADATA]: 'deny' }),
    permit: namespaceOf(permit, 'late-permit/.*'),
  };
}

/** Attack S10 on version 0.1. Resolves to decisions that agents must not receive. */
async function deleteAndMakeAgain({ standIn, cluster }: TenantsWorld): Promise<string[]> {
  const { feeds } = cluster;
  const namespaces = lateNamespaces();
  await feeds.record('late-');
  for (const object of Object.values(namespaces)) await standIn.apply(object);
  for (const tenant of Object.values(late))
    await standIn.apply(accountOf(tenant, `${tenant.namespace}/strong`));
  const pods = Object.values(late).map((tenant) => podOf(tenant, 'first'));
  const first = await Promise.all(pods.map((pod) => standIn.apply(pod)));
  const firstServed = { uid: first[0]?.uid ?? '', withinMs: SERVED_WITHIN_MS };
  if ((await feeds.served(firstServed)) === undefined) return ['a Pod of late-account was never served'];

  await standIn.remove({ kind: 'ServiceAccount', namespace: late.account.namespace, name: 'app' });
  await standIn.remove({ kind: 'Namespace', name: late.closed.namespace });
  await standIn.remove({ kind: 'Namespace', name: late.permit.namespace });
  const { uid } = await standIn.apply(podOf(late.account, 'second'));
  await sleep(LATE_MS);
  const before = await feeds.recorded(undefined);
  await standIn.apply(accountOf(late.account, 'late-account/strong'));
  await standIn.apply(namespaces.closed);
  await standIn.apply(namespaces.permit);
  const served = await feeds.decided({
    uid,
    wanted: { role: 'late-account/strong' },
    withinMs: SERVED_WITHIN_MS,
  });
  const problems = wrongOnes([...before, ...(await feeds.recorded(undefined))]);
  if (served === undefined) problems.push('a Pod whose ServiceAccount was recreated has no role after 5 s');
  return problems;
}

function wrongOnes(decisions: readonly RecordedDecision[]): string[] {
  const of = ({ namespace }: { readonly namespace: string }) =>
    decisions.filter((decision) => decision.namespace === namespace);
  const problems: string[] = [];
  if (of(late.account).some(({ role }) => role === 'late-account/weak'))
    problems.push("a Pod had the Namespace's default role while its ServiceAccount was deleted");
  // While a Pod is pending, the agent holds its requests.
  if (of(late.closed).some(({ metadataDenied, pending }) => !metadataDenied && !pending))
    problems.push('`metadata: deny` was not in force while the Namespace was deleted');
  if (of(late.permit).some(({ reason }) => reason !== ''))
    problems.push('a Pod was denied while its Namespace was deleted');
  return problems;
}

export const nameSteps: readonly TenantsStep[] = [
  tenantsStep({
    title: `${NAMES.toLocaleString('en')} short-lived Namespaces, ServiceAccounts and Pods on made-up nodes leave no memory in use`,
    async run(world) {
      const { standIn, cluster } = world;
      await applyHostile(world);
      const beforeBytes = await cluster.server.group.usedBytes();
      await standIn.churn({ recipes: short, perSecond: NAMES_PER_SECOND });
      await sleep(1_000);
      const leftBytes = (await cluster.server.group.usedBytes()) - beforeBytes;
      const left = `${(leftBytes / 2 ** 20).toFixed(0)} MiB`;
      return {
        summary: `${3 * NAMES} names, ${left} more memory`,
        problems: leftBytes > MOST_LEFT_BYTES ? [`${3 * NAMES} names left ${left} in use`] : [],
      };
    },
    clean: (world) => clearHostile(world, []),
  }),
  tenantsStep({
    title:
      'Deleting and recreating a ServiceAccount or Namespace within two seconds changes no decision in between',
    run: async (world) => ({
      summary: 'deleted, and recreated after 2 s',
      problems: await deleteAndMakeAgain(world),
    }),
    async clean({ standIn }) {
      for (const { namespace } of Object.values(late)) {
        for (const name of ['first', 'second']) await standIn.remove({ kind: 'Pod', namespace, name });
        for (const name of ['app', 'default'])
          await standIn.remove({ kind: 'ServiceAccount', namespace, name });
        await standIn.remove({ kind: 'Namespace', name: namespace });
      }
    },
  }),
];
