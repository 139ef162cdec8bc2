import { describe, expect, it } from 'vitest';
import {
  ALLOWED,
  commonValues,
  olderServer,
  PERMITTED,
  roleAnswer,
  serverProgram,
  serverStatus,
} from '../roles/setup.ts';
import { CART, NAMESPACES, revoke, startShop } from './shop.ts';

describe('kubectl rolegate revoke role/ROLE', () => {
  it('shows what would change and what it costs others, and changes nothing without --yes', async () => {
    await using cluster = await startShop();
    const { code, printed, notes, flat } = await revoke(cluster, 'role/shop/cart');
    expect([code, notes]).toEqual([0, []]);
    expect(printed).toContain(`Revoke role ${CART}: a dry run, nothing is changed\n`);
    expect(printed).toContain(
      'was   shop/cart|shop/till\n    then  shop/till\n  Pods that lose it: shop/cart-0, shop/cart-1\n',
    );
    expect(printed).toContain('was   ["/shop/cart"]\n    then  (removed)\n');
    expect(printed).toContain('Namespace batch still permits it, by rules that permit other roles too:');
    expect(printed).toContain('Pods that may lose another role if they are removed: batch/other');
    expect(flat).toContain(
      'Pods that keep the role use denied credentials until renewal, up to 29 minutes: batch/job',
    );
    expect(printed).toContain('$(date -u');
    expect(cluster.requests.filter((request) => request.startsWith('PATCH '))).toEqual([]);
  });

  it('removes the entries with --yes, checks that agents have dropped it, and ends with 1 while a wide rule permits it', async () => {
    await using cluster = await startShop();
    const { code, printed } = await revoke(cluster, 'role/shop/cart', { yes: true });
    expect(cluster.namespaces.get('shop')?.annotations).toEqual({ [PERMITTED]: 'shop/till' });
    expect(cluster.namespaces.get('depot')?.annotations).toEqual({});
    expect(cluster.namespaces.get('batch')?.annotations).toEqual(NAMESPACES.batch);
    expect(printed).toContain('Namespace shop: changed');
    expect(printed).toContain(
      "  to undo: kubectl annotate --overwrite namespace shop 'iam.amazonaws.com/permitted=shop/cart|shop/till'",
    );
    expect(printed).toContain('All agents have dropped it (0 s).');
    expect(printed).toContain('"aws:TokenIssueTime":"2026-11-30T09:00:00Z"');
    expect(code).toBe(1);
  });

  it('removes wide rules only on purpose, and then nobody keeps the role', async () => {
    await using cluster = await startShop();
    const { code, json } = await revoke(cluster, CART, {
      yes: true,
      'remove-wide-rules': true,
      output: 'json',
    });
    expect(code).toBe(0);
    expect(cluster.namespaces.get('batch')?.annotations).toEqual({});
    expect(json()).toMatchObject({
      kind: 'role',
      target: CART,
      dryRun: false,
      stays: [],
      keep: [],
      check: { served: [], silent: [], stillPermittedIn: [] },
    });
    const batch = json().changes.find(({ name }) => name === 'batch');
    expect(batch).toMatchObject({
      loses: ['batch/job'],
      mayLose: ['batch/other'],
      outcome: { kind: 'applied' },
    });
  });

  it('does not overwrite a rule that changes between plan and change', async () => {
    await using cluster = await startShop();
    cluster.beforePatch = (path) => {
      if (path.endsWith('/shop')) cluster.annotate('namespaces', 'shop', { [PERMITTED]: 'shop/cart|new' });
    };
    const { code, printed } = await revoke(cluster, 'role/shop/cart', { yes: true });
    expect(code).toBe(3);
    expect(cluster.namespaces.get('shop')?.annotations).toEqual({ [PERMITTED]: 'shop/cart|new' });
    expect(printed).toContain(
      'Namespace shop: not changed, because iam.amazonaws.com/permitted of Namespace shop has changed meanwhile; run the command again',
    );
  });

  it('applies the plan to a newer version whose rules are still the same', async () => {
    await using cluster = await startShop();
    let once = true;
    cluster.beforePatch = (path) => {
      if (once && path.endsWith('/shop')) cluster.annotate('namespaces', 'shop', NAMESPACES.shop);
      once = false;
    };
    const { json } = await revoke(cluster, 'role/shop/cart', { yes: true, output: 'json' });
    expect(cluster.namespaces.get('shop')?.annotations).toEqual({ [PERMITTED]: 'shop/till' });
    expect(json().changes.map(({ outcome }) => outcome?.kind)).toEqual(['applied', 'applied']);
  });

  it('does not change a Namespace that was deleted and made again meanwhile, and accepts one that vanishes', async () => {
    await using cluster = await startShop();
    cluster.beforePatch = (path) => {
      if (path.endsWith('/shop')) cluster.recreate('namespaces', 'shop');
      if (path.endsWith('/depot')) cluster.namespaces.delete('depot');
    };
    const { code, printed } = await revoke(cluster, 'role/shop/cart', { yes: true });
    expect(code).toBe(3);
    expect(printed).toContain('Namespace shop was deleted, and another has its name');
    expect(printed).toContain('Namespace depot: it is gone');
    expect(cluster.namespaces.get('shop')?.annotations).toEqual(NAMESPACES.shop);
  });

  it('without the right to patch, names it, and prints commands for somebody who has it and the IAM policy', async () => {
    await using cluster = await startShop();
    cluster.forbidden.add('patch namespaces');
    const { code, printed, notes } = await revoke(cluster, 'role/shop/cart', { yes: true });
    expect(code).toBe(3);
    expect(notes).toEqual([expect.stringContaining('missing right: patch namespaces; ask an administrator')]);
    expect(printed).toContain('Namespace shop: not changed: missing right: patch namespaces');
    expect(printed).toContain(
      'for somebody who may: kubectl annotate --overwrite --resource-version=1 namespace shop iam.amazonaws.com/permitted=shop/till',
    );
    expect(printed).toContain('Run this\nafterwards, in account 123456789012');
    expect(printed).toContain('aws iam put-role-policy --role-name cart');
    expect(printed).toContain('$(date -u');
  });

  it('names Pods that are still served after 30 s and agents that do not answer', async () => {
    await using cluster = await startShop({ namespaces: { shop: NAMESPACES.shop } });
    const served = cluster.programs.get('agent-node-a')?.(['status', '--json']) ?? {};
    cluster.programs.set('agent-node-a', () => served);
    cluster.beforePatch = () => {
      cluster.programs.set('agent-node-b', () => ({ kind: 'failed', fault: 'no answer within 5 s' }));
    };
    const { code, printed, passedMs } = await revoke(cluster, 'role/shop/cart', { yes: true });
    expect(code).toBe(3);
    expect(passedMs()).toBe(30_000);
    expect(printed).toContain('still served: shop/cart-0 on node-a');
    expect(printed).toContain('the agent of node-b does not answer: no answer within 5 s');
  });

  it('ends with 1 if all agents answer and one still serves a Pod', async () => {
    await using cluster = await startShop({ namespaces: { shop: NAMESPACES.shop } });
    const served = cluster.programs.get('agent-node-a')?.(['status', '--json']) ?? {};
    cluster.programs.set('agent-node-a', () => served);
    expect((await revoke(cluster, 'role/shop/cart', { yes: true })).code).toBe(1);
  });

  it('says that the server still permits the role in a changed Namespace', async () => {
    const stuck = roleAnswer([
      { namespace: 'shop', rules: [{ annotation: PERMITTED, entry: 'shop/cart', exact: true }], pods: 1 },
    ]);
    await using cluster = await startShop({
      servers: { 'server-0': serverProgram(serverStatus, () => stuck) },
    });
    const { code, printed, passedMs } = await revoke(cluster, 'role/shop/cart', { yes: true });
    expect([code, passedMs()]).toEqual([1, 30_000]);
    expect(printed).toContain('the server still permits it in shop');
  });

  it('a Namespace that vanished after the server answered is no change and no fault', async () => {
    const rules = [{ annotation: PERMITTED, entry: 'shop/cart', exact: true }];
    const gone = roleAnswer([{ namespace: 'gone', rules, pods: 0 }]);
    await using cluster = await startShop({
      servers: { 'server-0': serverProgram(serverStatus, () => gone) },
    });
    const { code, notes, json } = await revoke(cluster, 'role/shop/cart', { output: 'json' });
    expect([code, notes, json().changes]).toEqual([0, [], []]);
  });

  it('is incomplete if an agent does not answer, whose Pods may have the role', async () => {
    await using cluster = await startShop();
    cluster.programs.set('agent-node-b', () => ({ kind: 'failed', fault: 'no answer within 5 s' }));
    const { code, notes } = await revoke(cluster, 'role/shop/cart');
    expect([code, notes]).toEqual([3, ['the agent of node-b does not answer: no answer within 5 s']]);
  });

  it('says that there is nothing to change if nobody has the role', async () => {
    await using cluster = await startShop({ namespaces: {} });
    const { code, printed } = await revoke(cluster, 'role/shop/cart', { yes: true });
    expect(code).toBe(0);
    expect(printed).toContain('No Namespace permits it: there is nothing to change.');
  });

  it('under an audit, says that removing rules withdraws nothing, and ends with 1', async () => {
    const audit = roleAnswer(
      [{ namespace: 'shop', rules: [{ annotation: PERMITTED, entry: 'shop/cart', exact: true }], pods: 1 }],
      { settings: { namespacePolicy: 'audit' }, isDefaultRole: true },
    );
    await using cluster = await startShop({
      servers: { 'server-0': serverProgram(serverStatus, () => audit) },
    });
    const { code, json } = await revoke(cluster, 'role/shop/cart', { yes: true, output: 'json' });
    expect(code).toBe(1);
    expect(json().notes.join('\n')).toContain('removing rules withdraws nothing');
    expect(json().notes.join('\n')).toContain("the servers' default role (value roles.default");
    expect(json().check).toBeUndefined();
  });

  it('points out roles of the same name in other accounts', async () => {
    await using cluster = await startShop();
    const other = CART.replace('123456789012', '999999999999');
    cluster.programs.set('agent-node-b', () => ({
      version: '0.2.0',
      pods: [{ namespace: 'x', name: 'y', uid: 'z', role: other, state: 'ok' }],
    }));
    const { flat } = await revoke(cluster, 'role/shop/cart');
    expect(flat).toContain(`Not changed: roles of this name in other accounts, ${other}.`);
  });

  it('cannot plan with servers that do not say who permits the role, but shows how to end the sessions', async () => {
    await using cluster = await startShop({
      servers: { 'server-0': serverProgram(serverStatus, olderServer) },
    });
    const { code, printed, notes } = await revoke(cluster, CART, { yes: true });
    expect(code).toBe(3);
    expect(notes).toEqual(["this server's version does not say which Namespaces permit the role"]);
    expect(printed).toContain('aws iam put-role-policy --role-name cart');
    expect(cluster.requests.filter((request) => request.startsWith('PATCH '))).toEqual([]);
  });

  it('names the right to get Namespaces if it lacks it', async () => {
    await using cluster = await startShop();
    cluster.forbidden.add('get namespaces');
    const { code, notes } = await revoke(cluster, 'role/shop/cart', { yes: true });
    expect(code).toBe(3);
    expect(notes).toEqual([
      expect.stringContaining('no plan for shop, depot, batch: missing right: get namespaces'),
    ]);
  });

  it('an interruption leaves the rest unchanged and still says what was changed', async () => {
    await using cluster = await startShop();
    const stop = new AbortController();
    cluster.beforePatch = () => {
      setImmediate(() => {
        stop.abort();
      });
    };
    const { code, json } = await revoke(
      cluster,
      'role/shop/cart',
      { yes: true, output: 'json' },
      stop.signal,
    );
    expect(code).toBe(3);
    const kinds = json().changes.map(({ outcome }) => outcome?.kind);
    expect(kinds).toHaveLength(2);
    expect(kinds[1]).toBeUndefined();
  });
});

describe('kubectl rolegate revoke pod/POD', () => {
  it('annotates the Pod so that it gets no role at either endpoint, and says what its controller does', async () => {
    await using cluster = await startShop();
    const { code, printed, flat } = await revoke(cluster, 'pod/shop/cart-0', { yes: true });
    expect(code).toBe(0);
    expect(cluster.pods.get('shop/cart-0')?.annotations).toEqual({
      'rolegate.dev/metadata': 'deny',
      'iam.amazonaws.com/role': '(revoked, was shop/cart)',
    });
    expect(printed).toContain('ReplicaSet cart-7f makes new Pods without these annotations');
    expect(printed).toContain('All agents have dropped it');
    expect(printed).toContain('"aws:userid":"*:shop.default"');
    expect(flat).toContain('until renewal, up to 29 minutes: shop/cart-1');
    expect(printed).toContain(
      'to undo: kubectl -n shop annotate --overwrite pod cart-0 rolegate.dev/metadata- iam.amazonaws.com/role=shop/cart',
    );
  });

  it('changes nothing without --yes', async () => {
    await using cluster = await startShop();
    const { code, printed } = await revoke(cluster, 'pod/cart-0', { namespace: 'shop' });
    expect(code).toBe(0);
    expect(printed).toContain('Revoke pod shop/cart-0: a dry run, nothing is changed');
    expect(printed).toContain('Pods that lose it: shop/cart-0');
    expect(cluster.pods.get('shop/cart-0')?.annotations).toEqual({ 'iam.amazonaws.com/role': 'shop/cart' });
  });

  it('says that it is revoked already', async () => {
    await using cluster = await startShop();
    await revoke(cluster, 'pod/shop/cart-0', { yes: true });
    const { code, json } = await revoke(cluster, 'pod/shop/cart-0', { yes: true, output: 'json' });
    expect(code).toBe(0);
    expect(json()).toMatchObject({
      changes: [],
      notes: expect.arrayContaining(['Its annotations are revoked already.']) as unknown,
    });
  });

  it('does not annotate a new Pod of the same name', async () => {
    await using cluster = await startShop();
    cluster.beforePatch = () => {
      cluster.recreate('pods', 'shop/cart-0');
    };
    const { code, printed } = await revoke(cluster, 'pod/shop/cart-0', { yes: true });
    expect(code).toBe(3);
    expect(printed).toContain('Pod shop/cart-0 was deleted, and another has its name');
  });

  it('ends with 1 if there is no such Pod', async () => {
    await using cluster = await startShop();
    const { code, notes } = await revoke(cluster, 'pod/shop/gone');
    expect([code, notes]).toEqual([1, ['there is no Pod gone in Namespace shop']]);
  });

  it('names the right to patch Pods, and prints the command for somebody who has it', async () => {
    await using cluster = await startShop();
    cluster.forbidden.add('patch pods');
    const { code, printed } = await revoke(cluster, 'pod/shop/cart-0', { yes: true });
    expect(code).toBe(3);
    expect(printed).toContain('missing right: patch pods in Namespace shop');
    expect(printed).toContain(
      'for somebody who may: kubectl -n shop annotate --overwrite --resource-version=1 pod cart-0',
    );
  });

  it('says that a static Pod gets no role', async () => {
    await using cluster = await startShop();
    cluster.annotate('pods', 'shop/cart-0', { 'kubernetes.io/config.mirror': 'x' });
    const { printed } = await revoke(cluster, 'pod/shop/cart-0', { yes: true });
    expect(printed).toContain('It is a static Pod, which gets no role.');
    expect(cluster.requests.filter((request) => request.startsWith('PATCH '))).toEqual([]);
  });

  it.each([
    { node: 'node-z', says: 'there is no agent on its node node-z that knows what it has' },
    { node: undefined, says: 'it is on no node yet, so no agent knows what it has' },
  ])('claims nothing about a Pod on $node that no agent knows', async ({ node, says }) => {
    await using cluster = await startShop();
    cluster.podMore = { spec: { nodeName: node } };
    const { code, notes, json } = await revoke(cluster, 'pod/shop/cart-0', { yes: true, output: 'json' });
    expect(code).toBe(3);
    expect(notes).toEqual([says]);
    expect(json()).toMatchObject({ changes: [{ loses: [], outcome: { kind: 'applied' } }] });
    expect(json().check).toBeUndefined();
  });
});

describe('kubectl rolegate revoke', () => {
  it('ends with 2 for a word that may be a role or a Pod, without asking the cluster', async () => {
    await using cluster = await startShop();
    const { code, notes } = await revoke(cluster, 'shop/cart', { ...commonValues, yes: true });
    expect(code).toBe(2);
    expect(notes[0]).toContain('write role/shop/cart or pod/shop/cart');
    expect(cluster.requests).toEqual([]);
  });

  it('fits a narrow terminal, apart from values and commands, which stay whole', async () => {
    await using cluster = await startShop();
    const { printed } = await revoke(cluster, 'role/shop/cart');
    const long = printed.split('\n').filter((line) => line.length > 80);
    for (const line of long) expect(line).toMatch(/^ {2}aws |^ {4}(was|then) |^Revoke /);
    expect(printed).not.toContain(ALLOWED.repeat(2));
  });
});
