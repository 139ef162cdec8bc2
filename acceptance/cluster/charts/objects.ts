import type { ApiAnswer, ApiObject, ApiServer } from '../api-server.ts';
import { goldenFile, goldenFiles, objectsIn } from './golden-files.ts';
import type { ClusterStep } from '../world.ts';

const STRICT = 'dryRun=All&fieldValidation=Strict&fieldManager=test';

export interface ChartsDeps {
  readonly api: ApiServer;
  /** The Namespace for the rendered objects. */
  readonly namespace: string;
  /** False for objects of a kind that the cluster may lack. They are skipped. */
  readonly isKnown: (object: ApiObject) => boolean;
}

/** Creates every rendered object with a strict dry run. */
export function objectSteps({ api, namespace, isKnown }: ChartsDeps): ClusterStep[] {
  const files = goldenFiles().map((file) => ({
    title: `The API server accepts every field of ${file.path}`,
    async run() {
      const problems: string[] = [];
      for (const object of objectsIn(file, namespace).filter(isKnown))
        problems.push(...(await tried(api, object)));
      if (problems.length > 0) throw new Error(problems.join('; '));
    },
  }));
  return [
    ...files,
    {
      title: 'The API server refuses a rendering with an unknown field',
      async run() {
        const [object] = objectsIn(goldenFile('charts/agent/golden/minimal.yaml'), namespace);
        if (object === undefined) throw new Error('the rendering is empty');
        const problems = await tried(api, { ...object, notAField: 1 });
        if (!problems.join().includes('notAField')) throw new Error(`it was accepted: ${problems.join()}`);
      },
    },
  ];
}

/** Creates the object with a strict dry run. Returns the warnings and the refusal. */
export async function tried(api: ApiServer, object: ApiObject): Promise<string[]> {
  const { apiVersion, kind, metadata } = object;
  const path = await api.collectionOf(object);
  const what = `${kind} ${metadata.name}`;
  if (path === undefined) return [`${what}: unknown kind ${apiVersion} ${kind}`];
  const answer = await api.ask({ method: 'POST', path: `${path}?${STRICT}`, body: object });
  // The Namespace of the plain manifests already exists; its fields are validated before the conflict is found.
  if (answer.status === 409 && kind === 'Namespace') return [];
  return answer.status === 201
    ? answer.warnings.map((text) => `${what}: ${text}`)
    : [`${what}: ${messageOf(answer)}`];
}

export function messageOf({ status, body }: ApiAnswer): string {
  return `${status} ${String(body['message'])}`;
}
