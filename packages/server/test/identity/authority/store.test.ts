import { describe, expect, it } from 'vitest';
import { systemClock } from '@rolegate/runtime';
import { createAuthorityStore } from '../../../src/identity/authority/store.ts';
import { startApi } from '../../kubernetes/setup.ts';

async function setup() {
  const run = await startApi({ clock: systemClock });
  const { signal } = new AbortController();
  const store = createAuthorityStore({
    connection: run.connection,
    namespace: 'kube-system',
    name: 'own',
    signal,
  });
  const secret = () => run.api.get('Secret', 'kube-system', 'own');
  const configMap = () => run.api.get('ConfigMap', 'kube-system', 'own');
  return { ...run, store, secret, configMap };
}

describe('Authority store', () => {
  it('The store creates a Secret, and reads it', async () => {
    await using run = await setup();
    expect(await run.store.readSecret()).toBeUndefined();
    expect(await run.store.writeSecret({ a: 'é' }, undefined)).toBe(true);
    expect(run.secret()).toMatchObject({ type: 'Opaque', data: { a: 'w6k=' } });
    expect((await run.store.readSecret())?.values).toEqual({ a: 'é' });
  });

  it('The store does not overwrite a Secret that somebody else has created', async () => {
    await using run = await setup();
    run.api.apply({
      kind: 'Secret',
      metadata: { name: 'own', namespace: 'kube-system' },
      data: { b: 'eA==' },
    });
    expect(await run.store.writeSecret({ a: 'x' }, undefined)).toBe(false);
    expect(run.secret()?.['data']).toEqual({ b: 'eA==' });
  });

  it('The store keeps labels, and values that are not its own', async () => {
    await using run = await setup();
    const metadata = { name: 'own', namespace: 'kube-system', labels: { owner: 'helm' } };
    run.api.apply({ kind: 'Secret', metadata, data: { other: 'eA==' } });
    run.api.apply({ kind: 'ConfigMap', metadata, data: { other: 'x' } });
    expect(await run.store.writeSecret({ a: 'x' }, await run.store.readSecret())).toBe(true);
    expect(await run.store.writeBundle('pem', await run.store.readBundle())).toBe(true);
    expect(run.secret()).toMatchObject({
      metadata: { labels: { owner: 'helm' } },
      data: { other: 'eA==', a: 'eA==' },
    });
    expect(run.configMap()).toMatchObject({
      metadata: { labels: { owner: 'helm' } },
      data: { other: 'x', 'ca.crt': 'pem' },
    });
  });

  it('The store overwrites nothing that was written since it was read', async () => {
    await using run = await setup();
    await run.store.writeSecret({ a: '1' }, undefined);
    const found = await run.store.readSecret();
    await run.store.writeSecret({ a: '2' }, found);
    expect(await run.store.writeSecret({ a: '3' }, found)).toBe(false);
    expect((await run.store.readSecret())?.values).toEqual({ a: '2' });
  });

  it('The store does not bring back what was deleted since it was read', async () => {
    await using run = await setup();
    await run.store.writeSecret({ a: '1' }, undefined);
    const found = await run.store.readSecret();
    run.api.delete('Secret', 'kube-system', 'own');
    expect(await run.store.writeSecret({ a: '3' }, found)).toBe(false);
    expect(run.secret()).toBeUndefined();
  });

  it('The store publishes the bundle', async () => {
    await using run = await setup();
    expect(await run.store.readBundle()).toBeUndefined();
    expect(await run.store.writeBundle('pem', undefined)).toBe(true);
    expect((await run.store.readBundle())?.values).toBe('pem');
  });

  it('The store says which permission is missing, and where', async () => {
    await using run = await setup();
    run.api.refuse(403);
    await expect(run.store.readSecret()).rejects.toThrow(
      "grant the server's ServiceAccount the right to get secrets/own with a Role",
    );
    run.api.refuse(undefined);
    await run.store.writeBundle('pem', undefined);
    const found = await run.store.readBundle();
    run.api.refuse(403);
    await expect(run.store.writeBundle('x', found)).rejects.toThrow(
      'the right to update configmaps/own with a Role',
    );
  });

  it('The store says what creates the objects if they do not exist and it may not create them', async () => {
    await using run = await setup();
    run.api.refuse(403);
    await expect(run.store.writeSecret({}, undefined)).rejects.toMatchObject({
      name: 'AuthorityFault',
      message: 'the Secret kube-system/own does not exist, and the server may not create it',
      hint: expect.stringMatching(/chart rolegate-server .*deploy\/rolegate-server\.yaml/) as unknown,
    });
    await expect(run.store.writeBundle('pem', undefined)).rejects.toThrow(
      'the ConfigMap kube-system/own does not exist, and the server may not create it',
    );
  });
});
