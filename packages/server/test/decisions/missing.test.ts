import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createMissing } from '../../src/decisions/missing.ts';
import { createClusterStandIn } from '../feed/cluster-stand-in.ts';

const ROLE = { 'iam.amazonaws.com/role': 'app' };
const PERMIT = { 'iam.amazonaws.com/permitted': '.*' };

function setup() {
  const cluster = createClusterStandIn();
  const { decisions, pods } = cluster;
  const verdictOf = (name: string) => {
    const pod = pods.get(`uid-${name}`);
    if (pod === undefined) throw new Error(`no Pod ${name}`);
    return decisions.decide(pod).verdict;
  };
  const outcomeOf = (name: string) => {
    const { decision } = verdictOf(name);
    return decision.kind === 'deny' ? decision.reason : decision.kind;
  };
  return { ...cluster, verdictOf, outcomeOf };
}

describe('Deleted Namespace', () => {
  it('A deleted Namespace changes no decision while it may be created again, and is then treated as metadata: deny', async () => {
    const { clock, setNamespace, removeNamespace, setServiceAccount, setPod, outcomeOf, verdictOf } = setup();
    setNamespace('shop', PERMIT);
    setServiceAccount('shop', 'default');
    setPod('a', { annotations: ROLE });
    expect(outcomeOf('a')).toBe('allow');
    await clock.advance(60_000);
    removeNamespace('shop');
    expect(outcomeOf('a')).toBe('allow');
    setPod('b', { annotations: ROLE });
    await clock.advance(9_999);
    expect([outcomeOf('a'), outcomeOf('b')]).toEqual(['allow', 'pending']);
    expect(verdictOf('a').metadata.denied).toBe(false);
    await clock.advance(1);
    expect(outcomeOf('a')).toBe('NamespaceDenied');
    expect(verdictOf('a').metadata.denied).toBe(true);
  });

  it('A Pod without a role is also denied once its Namespace is absent', async () => {
    const { clock, setServiceAccount, setPod, outcomeOf } = setup();
    setServiceAccount('shop', 'default');
    setPod('a');
    expect(outcomeOf('a')).toBe('pending');
    await clock.advance(10_000);
    expect(outcomeOf('a')).toBe('NamespaceDenied');
  });

  it('The metadata API stays closed while a Namespace with metadata: deny is deleted and after it is created again', async () => {
    const { clock, setNamespace, removeNamespace, setServiceAccount, setPod, outcomeOf } = setup();
    setServiceAccount('shop', 'default');
    setNamespace('shop', { 'rolegate.dev/metadata': 'deny' });
    setPod('a');
    expect(outcomeOf('a')).toBe('MetadataDenied');
    removeNamespace('shop');
    await clock.advance(2_000);
    expect(outcomeOf('a')).toBe('MetadataDenied');
    setNamespace('shop', { 'rolegate.dev/metadata': 'deny' });
    expect(outcomeOf('a')).toBe('MetadataDenied');
  });
});

describe('Deleted ServiceAccount', () => {
  it('A Pod never gets the weaker default role while its deleted ServiceAccount may be created again', async () => {
    const { clock, setNamespace, setServiceAccount, removeServiceAccount, setPod, verdictOf, outcomeOf } =
      setup();
    setNamespace('shop', { ...PERMIT, 'rolegate.dev/default-role': 'weak' });
    setServiceAccount('shop', 'default', ROLE);
    setPod('a');
    removeServiceAccount('shop', 'default');
    expect(outcomeOf('a')).toBe('pending');
    await clock.advance(2_000);
    setServiceAccount('shop', 'default', ROLE);
    expect(verdictOf('a').decision).toMatchObject({ kind: 'allow', roleName: 'app' });
    removeServiceAccount('shop', 'default');
    expect(verdictOf('a').decision).toMatchObject({ kind: 'allow', roleName: 'app' });
    await clock.advance(9_999);
    expect(verdictOf('a').decision).toMatchObject({ kind: 'allow', roleName: 'app' });
    await clock.advance(1);
    expect(verdictOf('a').decision).toMatchObject({ kind: 'allow', roleName: 'weak' });
  });
});

describe('Earlier decision', () => {
  it('An earlier decision does not stay in force if the Pod changes while its ServiceAccount is missing', async () => {
    const { clock, setNamespace, setServiceAccount, removeServiceAccount, setPod, outcomeOf } = setup();
    setNamespace('shop', PERMIT);
    setServiceAccount('shop', 'default', { 'iam.amazonaws.com/role': 'other' });
    setPod('a', { annotations: ROLE });
    expect(outcomeOf('a')).toBe('allow');
    removeServiceAccount('shop', 'default');
    await clock.advance(2_000);
    setPod('a');
    expect(outcomeOf('a')).toBe('pending');
  });

  it('An earlier decision does not stay in force if the Namespace changes while the ServiceAccount is missing', () => {
    const { setNamespace, setServiceAccount, removeServiceAccount, setPod, outcomeOf } = setup();
    setNamespace('shop', PERMIT);
    setServiceAccount('shop', 'default', ROLE);
    setPod('a');
    expect(outcomeOf('a')).toBe('allow');
    removeServiceAccount('shop', 'default');
    expect(outcomeOf('a')).toBe('allow');
    setNamespace('shop', { 'iam.amazonaws.com/permitted': 'nothing' });
    expect(outcomeOf('a')).toBe('pending');
  });
});

describe('Missing objects', () => {
  it('Missing objects leave no timer behind when names are created and deleted', async () => {
    const {
      clock,
      setNamespace,
      removeNamespace,
      setServiceAccount,
      removeServiceAccount,
      setPod,
      removePod,
    } = setup();
    const pending = clock.pending;
    for (let i = 0; i < 200; i++) {
      const namespace = `n${i}`;
      setPod('a', { namespace, annotations: ROLE });
      setNamespace(namespace, PERMIT);
      setServiceAccount(namespace, 'default');
      removeNamespace(namespace);
      removeServiceAccount(namespace, 'default');
      removePod('a');
    }
    expect(clock.pending).toBe(pending);
    await clock.advance(10_000);
    expect(clock.pending).toBe(pending);
  });

  it('The number of missing objects is limited, and only the Namespace with the most waits for one of them again', async () => {
    const clock = createFakeClock();
    const missing = createMissing({ clock, most: 100 });
    const isAbsent = (key: string, namespace: string) => missing.absent(key, namespace, () => undefined);
    isAbsent('mine', 'shop');
    isAbsent('first', 'greedy');
    await clock.advance(5_000);
    for (let i = 0; i < 99; i++) isAbsent(String(i), 'greedy');
    await clock.advance(5_000);
    expect([isAbsent('mine', 'shop'), isAbsent('first', 'greedy')]).toEqual([true, false]);
    await clock.advance(5_000);
    expect([isAbsent('98', 'greedy'), isAbsent('first', 'greedy')]).toEqual([true, false]);
  });
});
