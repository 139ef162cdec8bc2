import { describe, expect, it } from 'vitest';
import { showWho } from '../../src/roles/who-command.ts';
import { recordedOutput } from '../recorded-output.ts';
import { startRoleCluster } from './role-cluster.ts';
import type { RoleCluster, RoleClusterOptions } from './role-cluster.ts';
import {
  agentPod,
  agentStatus,
  ALLOWED,
  CART,
  commonValues,
  olderServer,
  PERMITTED,
  roleAnswer,
  serverProgram,
  serverSession,
  serverStatus,
} from './setup.ts';

const { signal } = new AbortController();
const NAMESPACES = [
  { namespace: 'shop', rules: [{ annotation: PERMITTED, entry: 'shop/.*', exact: false }], pods: 1 },
  { namespace: 'till', rules: [{ annotation: ALLOWED, entry: 'shop/cart', exact: true }], pods: 0 },
];

function shop(role: (asked: string) => ReturnType<typeof olderServer> | object): RoleClusterOptions {
  return {
    agents: {
      'node-a': () =>
        agentStatus('node-a', agentPod('shop/cart-0'), agentPod('shop/x', { role: `${CART}s` })),
      'node-b': () =>
        agentStatus(
          'node-b',
          agentPod('batch/job', { state: 'NamespaceDenied', role: 'shop/cart', note: 'not permitted' }),
        ),
    },
    servers: { 'server-0': serverProgram(() => serverStatus(serverSession()), role) },
    namespaces: { shop: { [PERMITTED]: 'shop/.*' }, batch: {} },
  };
}

async function run(cluster: RoleCluster, role: string, values: object = {}) {
  const output = recordedOutput();
  const call = { values: { ...commonValues, ...values }, words: [role], env: {}, output, signal };
  const code = await showWho(cluster, call);
  return { code, printed: output.printed(), notes: output.notes };
}

describe('kubectl rolegate who', () => {
  it("shows who has the role, who is refused, and which Namespaces permit it by which entry, in the server's words", async () => {
    await using cluster = await startRoleCluster(shop(() => roleAnswer(NAMESPACES)));
    const { code, printed, notes } = await run(cluster, 'shop/cart');
    expect([code, notes]).toEqual([0, []]);
    expect(printed).toMatch(/^shop\/cart-0 +shop\/cart +ok +50m$/m);
    expect(printed).toMatch(/^batch\/job +node-b +NamespaceDenied +not permitted$/m);
    expect(printed).toMatch(/^shop +1 +permitted +shop\/\.\* +also others$/m);
    expect(printed).toMatch(/^till +0 +allowed-roles +shop\/cart +only this role$/m);
    expect(printed).not.toContain('shop/x');
    expect(cluster.runs).toContain('server-0: status --role=shop/cart --json');
  });

  it('ends with 1 if nobody has the role and no Namespace permits it', async () => {
    await using cluster = await startRoleCluster({
      ...shop(() => roleAnswer([], { role: 'arn:aws:iam::123456789012:role/nobody', roleName: 'nobody' })),
    });
    const { code, printed } = await run(cluster, 'nobody');
    expect(code).toBe(1);
    expect(printed).toContain('no Pod has arn:aws:iam::123456789012:role/nobody\n');
    expect(printed).toContain('no Namespace permits it\n');
  });

  it('a name means the account of the base ARN, and roles of that name in other accounts are pointed out', async () => {
    const other = CART.replace('123456789012', '999999999999');
    await using cluster = await startRoleCluster({
      ...shop(() => roleAnswer(NAMESPACES)),
      agents: { 'node-a': () => agentStatus('node-a', agentPod('shop/cart-0', { role: other })) },
    });
    const { printed } = await run(cluster, 'shop/cart');
    expect(printed).toContain(`no Pod has ${CART}\n`);
    expect(printed).toContain(`Other accounts have a role of this name: ${other}\n`);
  });

  it('a name under a base ARN with a path is the role that the server says', async () => {
    const role = 'arn:aws:iam::123456789012:role/team/cart';
    await using cluster = await startRoleCluster({
      ...shop(() => roleAnswer(NAMESPACES, { role, roleName: 'cart' })),
      agents: {
        'node-a': () =>
          agentStatus(
            'node-a',
            agentPod('shop/has', { role }),
            agentPod('shop/asks', { role: 'cart', state: 'NamespaceDenied' }),
          ),
      },
    });
    const { printed } = await run(cluster, 'cart', { output: 'json' });
    expect(JSON.parse(printed)).toMatchObject({ role, have: [{ pod: 'has' }], refused: [{ pod: 'asks' }] });
  });

  it('says that an older server does not say, and lists the Namespaces with rules', async () => {
    await using cluster = await startRoleCluster(shop(olderServer));
    const { code, printed, notes } = await run(cluster, 'shop/cart');
    expect(code).toBe(3);
    expect(notes).toEqual(["this server's version does not say which Namespaces permit the role"]);
    expect(printed).toMatch(/^shop\/cart-0 /m);
    expect(printed).toMatch(/^Namespaces with rules, of which some may permit it:\nNAMESPACE +RULE\nshop /m);
  });

  it('asks another server if the first is older or does not answer', async () => {
    const options = shop(olderServer);
    await using cluster = await startRoleCluster({
      ...options,
      servers: {
        ...options.servers,
        'server-1': () => ({ kind: 'failed', fault: 'no answer within 5 s' }),
        'server-2': serverProgram(serverStatus, () => roleAnswer(NAMESPACES)),
      },
    });
    const { printed, notes } = await run(cluster, 'shop/cart');
    expect(printed).toContain('Namespaces that permit it:');
    expect(notes).toEqual(['server rolegate/server-1 does not answer: no answer within 5 s']);
  });

  it('says what the ceiling, the audit policy and the default role mean for it', async () => {
    await using cluster = await startRoleCluster(
      shop(() => roleAnswer([], { settings: { namespacePolicy: 'audit' }, isDefaultRole: true })),
    );
    const { code, printed } = await run(cluster, CART);
    expect(code).toBe(0);
    expect(printed).toContain('Pods of all Namespaces get it');
    expect(printed).toContain("the servers' default role");
    cluster.programs.set(
      'server-0',
      serverProgram(serverStatus, () => roleAnswer(NAMESPACES, { insideCeiling: false })),
    );
    expect((await run(cluster, CART)).printed).toContain('outside the role ceiling');
  });

  it('is incomplete if the server left out Namespaces, is not synced, or does not know the base ARN', async () => {
    await using cluster = await startRoleCluster(
      shop(() => roleAnswer(NAMESPACES, { leftOut: 3, synced: false })),
    );
    expect(await run(cluster, 'shop/cart')).toMatchObject({
      code: 3,
      notes: [
        'the server left out 3 Namespaces, which may permit the role',
        'the server has not read all Namespaces yet',
      ],
    });
    const fault = '"shop/cart" is not an ARN, and the role base ARN is not known yet';
    cluster.programs.set('server-0', (words) =>
      words[1] === '--json'
        ? serverStatus()
        : {
            kind: 'exited',
            code: 1,
            stdout: JSON.stringify({ found: false, role: 'shop/cart', fault }),
            stderr: '',
          },
    );
    expect(await run(cluster, 'shop/cart')).toMatchObject({
      code: 3,
      notes: [`no server says which Namespaces permit the role: ${fault}`],
    });
  });

  it.each(['a b', 'arn:aws:iam::1:role/x', 'a//b'])('ends with 2 for %j, which is no role', async (role) => {
    await using cluster = await startRoleCluster({});
    const { code, notes } = await run(cluster, role);
    expect(code).toBe(2);
    expect(notes[0]).toContain('is no role: write its ARN');
    expect(cluster.requests).toEqual([]);
  });
});
