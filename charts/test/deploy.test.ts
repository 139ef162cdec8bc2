import { describe, expect, it } from 'vitest';
import { objectsOf } from './objects.ts';
import { plainManifests, readManifest, writtenManifests } from './plain-manifests.ts';
import { NAMESPACE } from './rendering.ts';
import { withHelm } from './with-helm.ts';

const written = writtenManifests().map((path) => ({ path }));

withHelm('Plain manifests (need helm)', () => {
  it('The folder deploy/ has what the charts render', () => {
    // Where the change is meant: npm run deploy-manifests, and read the difference.
    const wanted = plainManifests();
    expect(written.map(({ path }) => path)).toEqual([...wanted.keys()].sort());
    for (const [path, text] of wanted) expect({ path, text: readManifest(path) }).toEqual({ path, text });
  });
});

describe('Plain manifests', () => {
  it.each(written)('The manifest $path has nothing of helm in it', ({ path }) => {
    expect(readManifest(path)).not.toMatch(/helm\.sh|managed-by|Release/);
  });

  it.each(written.filter(({ path }) => !path.endsWith('kustomization.yaml')))(
    'The manifest $path names its Namespace everywhere',
    ({ path }) => {
      for (const { kind, metadata } of objectsOf(readManifest(path)))
        if (!/^(Namespace|Cluster.*|ValidatingAdmission.*)$/.test(kind))
          expect({ kind, namespace: metadata.namespace }).toEqual({ kind, namespace: NAMESPACE });
    },
  );

  it('The words to replace (CLUSTER_NAME, REGION, ACCOUNT_ID) are in the server manifests, and none in those of the agent', () => {
    const words = (path: string) =>
      new Set(readManifest(path).match(/\b(CLUSTER_NAME|REGION|ACCOUNT_ID)\b/g));
    expect(words('rolegate-server.yaml')).toEqual(new Set(['CLUSTER_NAME', 'REGION', 'ACCOUNT_ID']));
    expect(words('rolegate-server-secret.yaml')).toEqual(new Set(['CLUSTER_NAME', 'REGION']));
    for (const path of ['rolegate-agent.yaml', 'rolegate-agent-uninstall.yaml'])
      expect({ path, words: words(path) }).toEqual({ path, words: new Set() });
  });
});
