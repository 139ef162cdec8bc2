import { describe, expect, it } from 'vitest';
import { showRoles } from '../../src/roles/command.ts';
import type { Roles } from '../../src/roles/roles.ts';
import { recordedOutput } from '../recorded-output.ts';
import { startRoleCluster } from './role-cluster.ts';
import type { RoleCluster, RoleClusterOptions } from './role-cluster.ts';
import {
  agentPod,
  agentStatus,
  CART,
  commonValues,
  PERMITTED,
  serverSession,
  serverStatus,
} from './setup.ts';

const { signal } = new AbortController();

function shop(): RoleClusterOptions {
  return {
    agents: {
      'node-a': () =>
        agentStatus('node-a', agentPod('shop/cart-0'), agentPod('shop/front', { role: undefined })),
      'node-b': () =>
        agentStatus('node-b', agentPod('batch/job', { state: 'NamespaceDenied', role: 'shop/cart' })),
    },
    servers: { 'server-0': () => serverStatus(serverSession()) },
    namespaces: { shop: { [PERMITTED]: 'shop/.*' }, batch: {} },
  };
}

async function run(cluster: RoleCluster, values: object = {}) {
  const output = recordedOutput();
  const call = {
    values: { ...commonValues, namespace: undefined, ...values },
    words: [],
    env: {},
    output,
    signal,
  };
  const code = await showRoles(cluster, call);
  return { code, printed: output.printed(), notes: output.notes };
}

describe('kubectl rolegate roles', () => {
  it('shows Pods with their roles, states, remaining life and rules, and the sessions', async () => {
    await using cluster = await startRoleCluster(shop());
    const { code, printed, notes } = await run(cluster);
    expect([code, notes]).toEqual([0, []]);
    expect(printed).toMatch(/^batch\/job +shop\/cart +NamespaceDenied +50m +-$/m);
    expect(printed).toMatch(/^shop\/cart-0 +shop\/cart +ok +50m +permitted: shop\/\.\*$/m);
    expect(printed).toMatch(/^shop\.default +shop\/cart +valid +50m/m);
    expect(printed).not.toContain('front');
    for (const line of printed.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('shows roles with their accounts if there are several', async () => {
    const options = shop();
    await using cluster = await startRoleCluster({
      ...options,
      agents: {
        ...options.agents,
        'node-c': () =>
          agentStatus('node-c', agentPod('shop/x', { role: CART.replace('123456789012', '999999999999') })),
      },
    });
    const { printed } = await run(cluster);
    expect(printed).toContain('999999999999:shop/cart');
  });

  it('reads only the given Namespace for -n', async () => {
    await using cluster = await startRoleCluster(shop());
    const { code, printed } = await run(cluster, { namespace: 'batch', output: 'json' });
    expect(code).toBe(0);
    expect(JSON.parse(printed) as Roles).toMatchObject({ pods: [{ pod: 'job', rules: [] }], sessions: [] });
    expect(cluster.requests).toContain('GET /api/v1/namespaces/batch');
    expect(cluster.requests.some((request) => request.startsWith('GET /api/v1/namespaces?'))).toBe(false);
  });

  it('says that the Namespace of -n does not exist', async () => {
    await using cluster = await startRoleCluster(shop());
    const { code, notes } = await run(cluster, { namespace: 'gone' });
    expect(code).toBe(3);
    expect(notes).toEqual([expect.stringContaining('namespaces "gone" not found')]);
  });

  it('prints one JSON document with whole ARNs', async () => {
    await using cluster = await startRoleCluster(shop());
    const { printed } = await run(cluster, { output: 'json' });
    expect(JSON.parse(printed)).toMatchObject({
      pods: [{ role: 'shop/cart' }, { role: CART, remainingMinutes: 50, rules: [`${PERMITTED}: shop/.*`] }],
      sessions: [{ role: CART, session: 'shop.default' }],
      incomplete: [],
    });
  });

  it('names each missing right once, shows what it may, and ends with 3', async () => {
    await using cluster = await startRoleCluster(shop());
    cluster.forbidden.add('list namespaces').add('create pods/exec');
    const { code, notes } = await run(cluster);
    expect(code).toBe(3);
    expect(notes).toEqual([
      'the agent of node-a, the agent of node-b, server rolegate/server-0 do not answer: missing right: get and create pods/exec in Namespace rolegate',
      expect.stringContaining('Namespaces cannot be read: missing right: list namespaces'),
    ]);
  });

  it('says how many Pods and sessions are left out', async () => {
    const options = shop();
    const many = Array.from({ length: 4_100 }, (_, at) => agentPod(`shop/p-${at}`));
    await using cluster = await startRoleCluster({
      ...options,
      agents: { 'node-a': () => agentStatus('node-a', ...many) },
      servers: { 'server-0': () => ({ ...serverStatus(), sessionsLeftOut: 12 }) },
    });
    const { code, notes } = await run(cluster);
    expect(code).toBe(3);
    expect(notes).toEqual(['4 Pods of node-a are left out', 'server rolegate/server-0 left out 12 sessions']);
  });

  it('says that nothing is installed, and ends with 3', async () => {
    await using cluster = await startRoleCluster({});
    const { code, printed, notes } = await run(cluster);
    expect(code).toBe(3);
    expect(printed).toBe('no Pod with a role was found; not all are known\n');
    expect(notes).toEqual([
      expect.stringContaining('no agents or servers in any Namespace'),
      'there is no agent that knows what Pods have',
    ]);
  });

  it('lets no Pod of an agent control the terminal', async () => {
    await using cluster = await startRoleCluster({
      ...shop(),
      agents: { 'node-a': () => agentStatus('node-a', agentPod('shop/\u001b[31mred')) },
    });
    expect((await run(cluster)).printed).not.toContain('\u001b');
  });
});
