import { parseJson } from '@rolegate/runtime';
import type { CommandCall } from '../../src/command-line/command.ts';
import { revokeTarget } from '../../src/revoke/command.ts';
import type { Revocation } from '../../src/revoke/revocation.ts';
import { recordedOutput } from '../recorded-output.ts';
import { startRoleCluster } from '../roles/role-cluster.ts';
import type { RoleCluster, RoleClusterOptions } from '../roles/role-cluster.ts';
import {
  agentPod,
  agentStatus,
  ALLOWED,
  CART,
  commonValues,
  PERMITTED,
  roleAnswer,
  serverProgram,
  serverStatus,
} from '../roles/setup.ts';

type Values = CommandCall<
  Parameters<typeof revokeTarget>[1] extends CommandCall<infer Flags> ? Flags : never
>['values'];

/** Three Namespaces that permit shop/cart: by an alternative, by a pattern, and by a glob. */
export const NAMESPACES = {
  shop: { [PERMITTED]: 'shop/cart|shop/till' },
  depot: { [ALLOWED]: '["/shop/cart"]' },
  batch: { [ALLOWED]: '["shop/*"]' },
};

/** A cluster whose agents and server follow the annotations, as Rolegate does. */
export async function startShop(more: Partial<RoleClusterOptions> = {}): Promise<RoleCluster> {
  const rulesOf = (name: string) => cluster.namespaces.get(name)?.annotations ?? {};
  const permits = (name: string) => entriesOf(rulesOf(name)).length > 0;
  const pod = (name: string, state: object = {}) => {
    const [namespace = ''] = name.split('/');
    const isRevoked = (cluster.pods.get(name)?.annotations['iam.amazonaws.com/role'] ?? '').startsWith('(');
    if (isRevoked)
      return agentPod(name, {
        role: undefined,
        sessionName: undefined,
        state: 'MetadataDenied',
        remainingMinutes: undefined,
      });
    if (permits(namespace)) return agentPod(name, state);
    return agentPod(name, {
      role: 'shop/cart',
      sessionName: undefined,
      state: 'NamespaceDenied',
      remainingMinutes: undefined,
    });
  };
  const cluster = await startRoleCluster({
    agents: {
      'node-a': () => agentStatus('node-a', pod('shop/cart-0'), pod('batch/job')),
      'node-b': () =>
        agentStatus(
          'node-b',
          pod('shop/cart-1'),
          agentPod('batch/other', { role: 'arn:aws:iam::123456789012:role/shop/other' }),
        ),
    },
    servers: {
      'server-0': serverProgram(serverStatus, () =>
        roleAnswer(
          [...cluster.namespaces].flatMap(([namespace, { annotations }]) => {
            const rules = entriesOf(annotations);
            return rules.length === 0 ? [] : [{ namespace, rules, isDefaultRole: false, pods: 1 }];
          }),
        ),
      ),
    },
    namespaces: NAMESPACES,
    pods: { 'shop/cart-0': { 'iam.amazonaws.com/role': 'shop/cart' } },
    ...more,
  });
  cluster.podMore = {
    metadata: { ownerReferences: [{ controller: true, kind: 'ReplicaSet', name: 'cart-7f' }] },
    spec: { nodeName: 'node-a' },
  };
  return cluster;
}

/** The entries that permit shop/cart, as far as these tests have them. */
function entriesOf(annotations: Readonly<Record<string, string>>): readonly object[] {
  const list = parseJson(annotations[ALLOWED] ?? '[]') as readonly string[];
  return [
    ...(annotations[PERMITTED] ?? '')
      .split('|')
      .filter((each) => each === 'shop/cart')
      .map((entry) => ({ annotation: PERMITTED, entry, exact: true })),
    ...list.flatMap((entry) =>
      entry === '/shop/cart'
        ? [{ annotation: ALLOWED, entry: 'shop/cart', exact: true }]
        : entry === 'shop/*'
          ? [{ annotation: ALLOWED, entry, exact: false }]
          : [],
    ),
  ];
}

export async function revoke(
  cluster: RoleCluster,
  word: string,
  values: Partial<Values> = {},
  signal?: AbortSignal,
) {
  const output = recordedOutput();
  let ms = 0;
  const clock = {
    now: () => Date.parse('2026-11-30T09:00:00Z'),
    monotonic: () => ms,
    sleep(delayMs: number) {
      ms += delayMs;
      return Promise.resolve();
    },
  };
  const code = await revokeTarget(
    { connection: cluster.connection, exec: cluster.exec, namespace: 'default' },
    {
      values: { ...commonValues, namespace: undefined, yes: false, 'remove-wide-rules': false, ...values },
      words: [word],
      env: {},
      output,
      signal: signal ?? new AbortController().signal,
    },
    clock,
  );
  const printed = output.printed();
  return {
    code,
    printed,
    notes: output.notes,
    /** Without line breaks. */
    flat: printed.replaceAll(/\s+/g, ' '),
    json: () => JSON.parse(printed) as Revocation,
    /** Passed on the clock of the command. */
    passedMs: () => ms,
  };
}

export { CART };
