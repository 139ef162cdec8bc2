import type { ApiAnswer, ApiObject, ApiServer } from '../api-server.ts';
import { goldenFile, goldenFiles, objectsIn } from './golden-files.ts';
import type { ClusterStep } from '../world.ts';

const STRICT = 'dryRun=All&fieldValidation=Strict&fieldManager=test';

export interface ChartsDeps {
  readonly api: ApiServer;
  /** What the renderings are moved to. */
  readonly namespace: string;
  /** Groups whose kinds could not be made known here: their objects are passed over. */
  readonly unknownGroups: readonly string[];
}

/** Every rendering goes through all of the API server but the storing. */
export function objectSteps({ api, namespace, unknownGroups }: ChartsDeps): ClusterStep[] {
  const isKnown = ({ apiVersion }: ApiObject) => !unknownGroups.includes(apiVersion.split('/')[0] ?? '');
  const files = goldenFiles().map((file) => ({
    title: `The API server accepts every field of ${file.path}`,
    async run() {
      const faults: string[] = [];
      for (const object of objectsIn(file, namespace).filter(isKnown))
        faults.push(...(await tried(api, object)));
      if (faults.length > 0) throw new Error(faults.join('; '));
    },
  }));
  return [
    ...files,
    {
      title: 'The API server refuses a rendering with an unknown field',
      async run() {
        const [object] = objectsIn(goldenFile('charts/agent/golden/minimal.yaml'), namespace);
        if (object === undefined) throw new Error('the rendering is empty');
        const faults = await tried(api, { ...object, notAField: 1 });
        if (!faults.join().includes('notAField')) throw new Error(`it was taken: ${faults.join()}`);
      },
    },
  ];
}

async function tried(api: ApiServer, object: ApiObject): Promise<string[]> {
  const { apiVersion, kind, metadata } = object;
  const path = await api.collectionOf(object);
  const what = `${kind} ${metadata.name}`;
  if (path === undefined) return [`${what}: nobody knows ${apiVersion} ${kind}`];
  const answer = await api.ask({ method: 'POST', path: `${path}?${STRICT}`, body: object });
  // A Namespace of the plain manifests: it is there, and what it holds is judged before that is looked at.
  if (answer.status === 409 && kind === 'Namespace') return [];
  return answer.status === 201
    ? answer.warnings.map((text) => `${what}: ${text}`)
    : [`${what}: ${messageOf(answer)}`];
}

export function messageOf({ status, body }: ApiAnswer): string {
  return `${status} ${String(body['message'])}`;
}
