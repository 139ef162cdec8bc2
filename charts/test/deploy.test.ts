import { describe, expect, it } from 'vitest';
import { objectsOf } from './objects.ts';
import { plainManifests, readManifest, writtenManifests } from './plain-manifests.ts';
import { NAMESPACE } from './rendering.ts';
import { withHelm } from './with-helm.ts';

const written = writtenManifests().map((path) => ({ path }));

withHelm('Plain manifests (need helm)', () => {
  it('The files in deploy/ are what the charts render', () => {
    // If the change is intended, run npm run generate and review the diff.
    const wanted = plainManifests();
    expect(written.map(({ path }) => path)).toEqual([...wanted.keys()].sort());
    for (const [path, text] of wanted) expect({ path, text: readManifest(path) }).toEqual({ path, text });
  });
});

describe('Plain manifests', () => {
  it.each(written)('The manifest $path contains nothing of Helm', ({ path }) => {
    expect(readManifest(path)).not.toMatch(/helm\.sh|managed-by|Release/);
  });

  it.each(written.filter(({ path }) => !path.endsWith('kustomization.yaml')))(
    'Every namespaced object in the manifest $path names the Namespace',
    ({ path }) => {
      for (const { kind, metadata } of objectsOf(readManifest(path)))
        if (!/^(Namespace|Cluster.*|ValidatingAdmission.*)$/.test(kind))
          expect({ kind, namespace: metadata.namespace }).toEqual({ kind, namespace: NAMESPACE });
    },
  );

  it('The server manifests have the placeholders CLUSTER_NAME, REGION and ACCOUNT_ID, and the agent manifests have none', () => {
    const words = (path: string) =>
      new Set(readManifest(path).match(/\b(CLUSTER_NAME|REGION|ACCOUNT_ID)\b/g));
    expect(words('rolegate-server.yaml')).toEqual(new Set(['CLUSTER_NAME', 'REGION', 'ACCOUNT_ID']));
    expect(words('rolegate-server-secret.yaml')).toEqual(new Set(['CLUSTER_NAME', 'REGION']));
    for (const path of ['rolegate-agent.yaml', 'rolegate-agent-uninstall.yaml'])
      expect({ path, words: words(path) }).toEqual({ path, words: new Set() });
  });
});
