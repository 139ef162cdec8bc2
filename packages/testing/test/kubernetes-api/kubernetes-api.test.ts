import { describe, expect, it } from 'vitest';
import { manifest, setupApi as setup } from './client.ts';

// Expected values were recorded from kube-apiserver 1.34.4.

const INITIAL = { pods: ['a', 'b', 'c', 'd', 'e'].map((name) => manifest(name)) };
const names = (items: readonly { readonly metadata: { readonly name: string } }[]) =>
  items.map(({ metadata }) => metadata.name);

describe('Objects', () => {
  it('An applied object gets a UID, a version and the defaults of its kind', async () => {
    await using run = await setup();
    const stored = run.api.apply({ kind: 'Pod', ...manifest('app') });
    expect(stored).toMatchObject({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'app',
        namespace: 'team-a',
        uid: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
      },
      spec: { serviceAccountName: 'default', serviceAccount: 'default', restartPolicy: 'Always' },
      status: { phase: 'Pending' },
    });
    expect(stored.metadata).toHaveProperty('managedFields');
    expect(Number(stored.metadata.resourceVersion)).toBeGreaterThan(0);
    expect(run.api.apply({ kind: 'Namespace', metadata: { name: 'x' } })).toMatchObject({
      metadata: { labels: { 'kubernetes.io/metadata.name': 'x' } },
      status: { phase: 'Active' },
    });
  });

  it('An object applied again keeps its UID and status, and gets the next version', async () => {
    await using run = await setup();
    const first = run.api.apply({ kind: 'Pod', ...manifest('app'), status: { podIP: '10.0.0.1' } });
    const second = run.api.apply({
      kind: 'Pod',
      metadata: { ...manifest('app').metadata, annotations: { a: 'b' } },
    });
    expect(second.metadata.uid).toBe(first.metadata.uid);
    expect(second['status']).toMatchObject({ podIP: '10.0.0.1' });
    expect(Number(second.metadata.resourceVersion)).toBe(Number(first.metadata.resourceVersion) + 1);
  });

  it('An object that does not change keeps its version', async () => {
    await using run = await setup();
    const first = run.api.apply({ kind: 'Pod', ...manifest('app') });
    expect(run.api.apply({ kind: 'Pod', ...manifest('app') })).toEqual(first);
    expect(run.api.patch('Pod', 'team-a', 'app', { metadata: { labels: null } })).toEqual(first);
  });

  it('A recreated object gets another UID', async () => {
    await using run = await setup(INITIAL);
    const uid = run.api.get('Pod', 'team-a', 'a')?.metadata.uid;
    run.api.delete('Pod', 'team-a', 'a');
    expect(run.api.get('Pod', 'team-a', 'a')).toBeUndefined();
    expect(run.api.apply({ kind: 'Pod', ...manifest('a') }).metadata.uid).not.toBe(uid);
  });

  it.each([
    {
      what: 'a kind it does not serve',
      act: () => ({ kind: 'Deployment', ...manifest('x') }),
      says: 'does not serve Deployment',
    },
    {
      what: 'another uid',
      act: () => ({ kind: 'Pod', metadata: { ...manifest('a').metadata, uid: 'u' } }),
      says: 'Conflict',
    },
  ])('The fake API server refuses to apply $what', async ({ act, says }) => {
    await using run = await setup(INITIAL);
    expect(() => run.api.apply(act())).toThrow(says);
  });

  it('A patch or deletion of an object that does not exist throws NotFound', async () => {
    await using run = await setup();
    expect(() => run.api.patch('Pod', 'x', 'y', {})).toThrow('NotFound: Pod x/y');
    expect(() => {
      run.api.delete('Pod', 'x', 'y');
    }).toThrow('NotFound: Pod x/y');
  });

  it('A patch is applied as a JSON merge patch', async () => {
    await using run = await setup();
    run.api.apply({ kind: 'Pod', metadata: { ...manifest('a').metadata, annotations: { a: '1', b: '2' } } });
    const patched = run.api.patch('Pod', 'team-a', 'a', {
      metadata: { annotations: { a: null, c: '3' } },
      status: { podIPs: [{ ip: '::1' }] },
    });
    expect(patched.metadata.annotations).toEqual({ b: '2', c: '3' });
    expect(patched['status']).toMatchObject({ phase: 'Pending', podIPs: [{ ip: '::1' }] });
  });

  it('Manifests of several documents, lists and empty documents are loaded', async () => {
    await using run = await setup();
    const loaded = run.api.loadManifests(`---
kind: Namespace
metadata: { name: x }
---
---
kind: List
items: [{ kind: Pod, metadata: { name: a, namespace: x } }, { kind: Pod, metadata: { name: b } }]
`);
    expect(
      loaded.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`),
    ).toEqual(['Namespace /x', 'Pod x/a', 'Pod default/b']);
  });

  it.each(['{', 'just text', 'kind: Pod', '[1]'])('The text %j is refused as a manifest', async (text) => {
    await using run = await setup();
    expect(() => run.api.loadManifests(text)).toThrow();
  });

  it('Each Namespace gets its default ServiceAccount only if there are controllers', async () => {
    await using run = await setup({ controllers: true, namespaces: [{ metadata: { name: 'x' } }] });
    expect(names(run.api.list('ServiceAccount', 'x'))).toEqual(['default']);
    await using bare = await setup({ namespaces: [{ metadata: { name: 'x' } }] });
    expect(bare.api.list('ServiceAccount')).toEqual([]);
  });
});

describe('Lists', () => {
  it('A list has all objects, sorted, and no kind on its items', async () => {
    await using run = await setup({ pods: [manifest('b', 'y'), manifest('c', 'x'), manifest('a', 'y')] });
    const { status, body } = await run.ask('/api/v1/pods');
    expect([status, body['kind'], body['apiVersion'], names(body.items)]).toEqual([
      200,
      'PodList',
      'v1',
      ['c', 'a', 'b'],
    ]);
    expect(body.items[0]).not.toHaveProperty('kind');
    expect(names((await run.ask('/api/v1/namespaces/y/pods')).body.items)).toEqual(['a', 'b']);
    expect((await run.ask('/api/v1/namespaces/none/pods')).body.items).toEqual([]);
  });

  it('The pages of a list are of one consistent version', async () => {
    await using run = await setup(INITIAL);
    const first = (await run.ask('/api/v1/pods?limit=2')).body;
    expect([names(first.items), first.metadata]).toEqual([
      ['a', 'b'],
      expect.objectContaining({ remainingItemCount: 3 }),
    ]);
    run.api.delete('Pod', 'team-a', 'c');
    run.api.apply({ kind: 'Pod', ...manifest('z') });
    const second = (await run.ask(`/api/v1/pods?limit=2&continue=${String(first.metadata.continue)}`)).body;
    const third = (await run.ask(`/api/v1/pods?limit=2&continue=${String(second.metadata.continue)}`)).body;
    expect([names(second.items), names(third.items)]).toEqual([['c', 'd'], ['e']]);
    expect(third.metadata.continue).toBeUndefined();
    expect(new Set([first, second, third].map(({ metadata }) => metadata.resourceVersion)).size).toBe(1);
  });

  it.each([
    {
      by: 'expireContinue',
      act: ({ api }: Awaited<ReturnType<typeof setup>>) => {
        api.expireContinue();
      },
    },
    {
      by: 'expireNextContinue',
      act: ({ api }: Awaited<ReturnType<typeof setup>>) => {
        api.expireNextContinue();
      },
    },
    {
      by: 'compact',
      act: ({ api }: Awaited<ReturnType<typeof setup>>) => {
        api.compact();
      },
    },
  ])('A continue token that expired by $by is answered 410', async ({ act }) => {
    await using run = await setup(INITIAL);
    const { metadata } = (await run.ask('/api/v1/pods?limit=2')).body;
    act(run);
    const { status, body } = await run.ask(`/api/v1/pods?limit=2&continue=${String(metadata.continue)}`);
    expect([status, body['kind'], body['reason'], body['code']]).toEqual([410, 'Status', 'Expired', 410]);
    expect(body.metadata.continue).toEqual(expect.any(String));
    expect((await run.ask('/api/v1/pods?limit=2')).status).toBe(200);
  });

  it('A single object is returned by its path', async () => {
    await using run = await setup({ ...INITIAL, namespaces: [{ metadata: { name: 'team-a' } }] });
    expect((await run.ask('/api/v1/namespaces/team-a/pods/b')).body.metadata).toMatchObject({ name: 'b' });
    expect((await run.ask('/api/v1/namespaces/team-a')).body['kind']).toBe('Namespace');
  });

  it.each([
    { path: '/api/v1/pods?limit=2&continue=abc', status: 400, reason: 'BadRequest' },
    { path: '/api/v1/pods?sendInitialEvents=true', status: 422, reason: 'Invalid' },
    { path: '/api/v1/pods?resourceVersion=99999999', status: 504, reason: 'Timeout' },
    { path: '/api/v1/pods?fieldSelector=foo', status: 400, reason: 'BadRequest' },
    { path: '/api/v1/namespaces/team-a/pods/nope', status: 404, reason: 'NotFound' },
    { path: '/api/v1/nopes', status: 404, reason: 'NotFound' },
    { path: '/', status: 404, reason: 'NotFound' },
    { path: '/api/v1/pods', method: 'PUT', status: 405, reason: 'MethodNotAllowed' },
    { path: '/api/v1/namespaces/x/events', method: 'GET', status: 405, reason: 'MethodNotAllowed' },
  ])('The path $path is answered with $status $reason', async ({ path, method = 'GET', status, reason }) => {
    await using run = await setup(INITIAL);
    const answer = await run.ask(path, { method });
    expect([answer.status, answer.body]).toEqual([
      status,
      expect.objectContaining({ kind: 'Status', status: 'Failure', reason, code: status }),
    ]);
  });
});
