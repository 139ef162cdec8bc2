import { setTimeout as sleep } from 'node:timers/promises';
import type { DecisionSeen } from '../../cluster/orders.ts';
import { tenantsStep } from '../step.ts';
import type { TenantsWorld, TenantsStep } from '../step.ts';
import { accountOf, namespaceOf, nodeAt, podOf } from '../../cluster/honest.ts';
import { applyHostile, clearHostile, HOSTILE, hostilePods, ROLE } from './hostile-tenant.ts';

/** Of each kind. */
const NAMES = 7_000;
/** Of each kind: with the ServiceAccount that every Namespace has, 7,000 writes a second, more than etcd makes. */
const NAMES_PER_SECOND = 1_000;
/** What may be left of garbage, or of a heap that has grown for a moment. */
const MOST_LEFT_BYTES = 32 * 2 ** 20;
/** A deletion that is undone so late must have harmed nobody. Milliseconds. */
const LATE_MS = 2_000;
const SERVED_WITHIN_MS = 5_000;

const short = [
  { kind: 'Namespace', count: NAMES, name: 'short' },
  { kind: 'ServiceAccount', count: NAMES, name: 'short', namespace: HOSTILE },
  hostilePods('short', NAMES, { madeUpNodes: true, annotations: { [ROLE]: `${HOSTILE}/app` } }),
] as const;

const DEFAULT_ROLE = 'rolegate.dev/default-role';
const METADATA = 'rolegate.dev/metadata';

/** Tenants whose objects are deleted and made again, later than their Pods are looked at. */
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

/** Row S10. Resolves to what agents were told that they must not be. */
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
  const faults = wrongOnes([...before, ...(await feeds.recorded(undefined))]);
  if (served === undefined) faults.push('a Pod whose ServiceAccount has come back has no role after 5 s');
  return faults;
}

function wrongOnes(decisions: readonly DecisionSeen[]): string[] {
  const of = ({ namespace }: { readonly namespace: string }) =>
    decisions.filter((decision) => decision.namespace === namespace);
  const faults: string[] = [];
  if (of(late.account).some(({ role }) => role === 'late-account/weak'))
    faults.push("a Pod had the Namespace's default role while its ServiceAccount was away");
  // While it is pending, an agent holds every request.
  if (of(late.closed).some(({ metadataDenied, pending }) => !metadataDenied && !pending))
    faults.push('`metadata: deny` did not hold while its Namespace was away');
  if (of(late.permit).some(({ reason }) => reason !== ''))
    faults.push('a Pod was denied as soon as its Namespace was away');
  return faults;
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
        said: `${3 * NAMES} names, ${left} more memory`,
        faults: leftBytes > MOST_LEFT_BYTES ? [`${left} are left of ${3 * NAMES} names`] : [],
      };
    },
    clean: (world) => clearHostile(world, []),
  }),
  tenantsStep({
    title: 'Deleting and recreating a ServiceAccount or Namespace within two seconds changes no decision in between',
    run: async (world) => ({
      said: 'deleted, and made again after 2 s',
      faults: await deleteAndMakeAgain(world),
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
