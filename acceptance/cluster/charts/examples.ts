import { parse } from 'yaml';
import type { ApiServer } from '../api-server.ts';
import type { ClusterStep } from '../world.ts';
import { goldenFile, objectsIn } from './golden-files.ts';
import { tried } from './objects.ts';

const FOLDER = 'docs/examples';
const MANUAL = `${FOLDER}/container-credentials-manual.yaml`;
const WEBHOOK = `${FOLDER}/container-credentials-webhook.yaml`;

/** Tries the examples of the documentation for container credentials. */
export function exampleSteps({ api, namespace }: { api: ApiServer; namespace: string }): ClusterStep[] {
  const accepted = [MANUAL, WEBHOOK].map((path) => ({
    title: `The API server accepts every field of ${path}`,
    async run() {
      const problems: string[] = [];
      for (const object of objectsIn(goldenFile(path), namespace))
        problems.push(...(await tried(api, { ...object, metadata: { ...object.metadata, namespace } })));
      if (problems.length > 0) throw new Error(problems.join('; '));
    },
  }));
  return [
    ...accepted,
    {
      title: `${WEBHOOK} lists ServiceAccounts as the webhook reads them`,
      run() {
        const [map] = objectsIn(goldenFile(WEBHOOK));
        const { 'identities.json': text = '' } = map?.['data'] as Record<string, string>;
        const { identities } = parse(text) as { identities: object[] };
        const keys = identities.map((one) => Object.keys(one).sort().join());
        if (keys.length === 0 || keys.some((given) => given !== 'namespace,serviceAccount'))
          throw new Error(`the identities have ${keys.join('; ')}`);
        return Promise.resolve();
      },
    },
  ];
}
