import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadKubeConfig } from '../../src/cluster/kube-config.ts';

const chosen = { kubeconfig: undefined, context: undefined, as: undefined, env: {} };

async function folderOf(files: Readonly<Record<string, object | string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
  for (const [name, file] of Object.entries(files))
    await writeFile(join(folder, name), typeof file === 'string' ? file : JSON.stringify(file));
  return {
    path: (name: string) => join(folder, name),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

function config(name: string, current = name): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': current,
    clusters: [{ name, cluster: { server: `https://${name}.example` } }],
    users: [{ name, user: { token: 'x' } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
}

describe('the kubeconfig', () => {
  it('is merged from the files in KUBECONFIG, of which some need not exist', async () => {
    await using folder = await folderOf({ one: config('one'), two: config('two') });
    const env = { KUBECONFIG: ['none', 'one', 'two'].map(folder.path).join(delimiter) };
    expect((await loadKubeConfig({ ...chosen, env })).getCurrentCluster()?.server).toBe(
      'https://one.example',
    );
    const two = await loadKubeConfig({ ...chosen, env, context: 'two' });
    expect(two.getCurrentCluster()?.server).toBe('https://two.example');
  });

  it('is the given file rather than that of KUBECONFIG', async () => {
    await using folder = await folderOf({ one: config('one'), two: config('two') });
    const loaded = await loadKubeConfig({
      ...chosen,
      kubeconfig: folder.path('two'),
      env: { KUBECONFIG: folder.path('one') },
    });
    expect(loaded.getCurrentContext()).toBe('two');
  });

  it('may name a server without TLS, as kubectl proxy is', async () => {
    const plain = {
      ...config('one'),
      clusters: [{ name: 'one', cluster: { server: 'http://127.0.0.1:8001' } }],
    };
    await using folder = await folderOf({ plain });
    const loaded = await loadKubeConfig({ ...chosen, kubeconfig: folder.path('plain') });
    const options = {};
    await loaded.applyToHTTPSOptions(options);
    expect(options).toMatchObject({ headers: { Authorization: 'Bearer x' } });
  });

  it('impersonates a user', async () => {
    await using folder = await folderOf({ one: config('one') });
    const loaded = await loadKubeConfig({ ...chosen, kubeconfig: folder.path('one'), as: 'jane' });
    expect(loaded.getCurrentUser()).toMatchObject({ token: 'x', impersonateUser: 'jane' });
  });

  it('keeps the Namespace of its context while it impersonates', async () => {
    const one = config('one') as { contexts: readonly [{ context: object }] };
    const contexts = [{ name: 'one', context: { ...one.contexts[0].context, namespace: 'shop' } }];
    await using folder = await folderOf({ one: { ...one, contexts } });
    const loaded = await loadKubeConfig({ ...chosen, kubeconfig: folder.path('one'), as: 'jane' });
    expect(loaded.getContextObject(loaded.getCurrentContext())?.namespace).toBe('shop');
  });

  it.each([
    { name: 'does not exist', file: 'none', context: undefined, says: 'does not exist' },
    { name: 'cannot be read', file: 'broken', context: undefined, says: 'cannot read the kubeconfig' },
    { name: 'has no such context', file: 'one', context: 'three', says: 'has no context three' },
    { name: 'has no cluster', file: 'empty', context: undefined, says: 'no cluster' },
  ])('is refused if it $name', async ({ file, context, says }) => {
    await using folder = await folderOf({ one: config('one'), broken: '{ : ', empty: config('x', 'y') });
    await expect(loadKubeConfig({ ...chosen, kubeconfig: folder.path(file), context })).rejects.toThrow(says);
  });
});
