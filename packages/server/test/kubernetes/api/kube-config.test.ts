import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '@rolegate/runtime';
import { startKubernetesApi } from '@rolegate/testing';
import { createConnection } from '../../../src/kubernetes/api/connection.ts';
import { loadKubeConfig } from '../../../src/kubernetes/api/kube-config.ts';
import { readText } from '../../../src/kubernetes/api/lines.ts';

async function setup(text: string) {
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-'));
  const path = join(folder, 'config');
  await writeFile(path, text);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true });
    },
  };
}

const KUBECONFIG = `
current-context: one
clusters: [{ name: one, cluster: { server: 'https://127.0.0.1:6443', certificate-authority: ca.crt } }]
users: [{ name: me, user: { token: t } }]
contexts: [{ name: one, context: { cluster: one, user: me } }]
`;

describe('Kubeconfig', () => {
  it('The paths in a kubeconfig are relative to its own folder', async () => {
    await using file = await setup(KUBECONFIG);
    const kubeConfig = await loadKubeConfig({ path: file.path });
    expect(kubeConfig.getCurrentCluster()).toMatchObject({
      server: 'https://127.0.0.1:6443',
      caFile: join(file.path, '..', 'ca.crt'),
    });
  });

  it.each([
    { fault: 'not YAML', text: '{', says: /cannot be read/ },
    { fault: 'empty', text: '', says: /cannot be read/ },
    {
      fault: 'without the context',
      text: KUBECONFIG.replace('current-context: one', 'current-context: two'),
      says: /has no cluster/,
    },
    { fault: 'without the user', text: KUBECONFIG.replace('name: me', 'name: you'), says: /has no user/ },
  ])('A kubeconfig that is $fault is rejected', async ({ text, says }) => {
    await using file = await setup(text);
    await expect(loadKubeConfig({ path: file.path })).rejects.toThrow(says);
  });

  it('The error for a missing kubeconfig names its path', async () => {
    await using file = await setup('');
    await expect(loadKubeConfig({ path: `${file.path}.not` })).rejects.toThrow(
      `the kubeconfig ${file.path}.not cannot be read`,
    );
  });

  it('Outside a Pod, the error asks for --kubeconfig', async () => {
    expect(process.env['KUBERNETES_SERVICE_HOST']).toBeUndefined();
    await expect(loadKubeConfig({})).rejects.toThrow('give --kubeconfig');
  });

  it('A connection made from a kubeconfig reaches its API server', async () => {
    const api = await startKubernetesApi({ namespaces: [{ metadata: { name: 'team-a' } }] });
    await using file = await setup(api.kubeconfig());
    const connection = createConnection({
      kubeConfig: await loadKubeConfig({ path: file.path }),
      clock: systemClock,
    });
    const { chunks } = await connection.request({
      method: 'GET',
      path: '/api/v1/namespaces',
      signal: new AbortController().signal,
      timeoutMs: 5000,
    });
    expect(await readText(chunks, 100_000)).toContain('team-a');
    connection.close();
    await api.close();
  });
});
