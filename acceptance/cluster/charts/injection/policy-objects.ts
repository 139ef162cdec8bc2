import type { ApiObject, ApiServer } from '../../api-server.ts';
import { goldenFile, objectsIn } from '../golden-files.ts';
import { messageOf } from '../objects.ts';

const GROUP = 'admissionregistration.k8s.io';
const RENDERING = 'charts/server/golden/container-credentials.yaml';
/** Newest first, as in the chart. */
const VERSIONS = ['v1', 'v1beta1'] as const;

export const isInjection = ({ kind }: Pick<ApiObject, 'kind'>): boolean =>
  kind.startsWith('MutatingAdmissionPolicy');

/** The newest version of MutatingAdmissionPolicy that the cluster has; undefined if it has none. */
export async function injectionVersion(api: ApiServer): Promise<string | undefined> {
  for (const version of VERSIONS) {
    const object = {
      apiVersion: `${GROUP}/${version}`,
      kind: 'MutatingAdmissionPolicy',
      metadata: { name: '' },
    };
    if ((await api.collectionOf(object)) !== undefined) return version;
  }
  return undefined;
}

/** The policy and the bindings of the chart. The versions differ in nothing else, which the charts' tests check. */
export function injectionObjects(version: string): ApiObject[] {
  const objects = objectsIn(goldenFile(RENDERING)).filter(isInjection);
  if (objects.length !== 3) throw new Error(`${RENDERING} has ${objects.length} objects of the policy`);
  return objects.map((object) => ({ ...object, apiVersion: `${GROUP}/${version}` }));
}

/** Creates the objects and returns their paths. */
export async function createAll(api: ApiServer, objects: readonly ApiObject[]): Promise<string[]> {
  const paths: string[] = [];
  for (const object of objects) {
    const path = (await api.collectionOf(object)) ?? '';
    const answer = await api.ask({ method: 'POST', path: `${path}?fieldValidation=Strict`, body: object });
    if (answer.status !== 201) throw new Error(`${object.kind}: ${messageOf(answer)}`);
    paths.push(`${path}/${object.metadata.name}`);
  }
  return paths;
}

/** The name of the container that the objects of {@link addingContainer} add. */
export const LATE = 'late';

/** A policy that adds a container to each Pod of the Namespace. It comes after the chart's, because they are ordered by name. */
export function addingContainer(version: string, namespace: string): ApiObject[] {
  const apiVersion = `${GROUP}/${version}`;
  const metadata = { name: `z-adds-a-container-${namespace}` };
  const container = `Object.spec.containers{name: '${LATE}', image: 'example.invalid/late'}`;
  const added = `[JSONPatch{op: 'add', path: '/spec/containers/-', value: ${container}}]`;
  const expression = `object.spec.containers.exists(c, c.name == '${LATE}') ? [] : ${added}`;
  const resourceRules = [
    { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] },
  ];
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': namespace } };
  return [
    {
      apiVersion,
      kind: 'MutatingAdmissionPolicy',
      metadata,
      spec: {
        reinvocationPolicy: 'Never',
        matchConstraints: { resourceRules },
        mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }],
      },
    },
    {
      apiVersion,
      kind: 'MutatingAdmissionPolicyBinding',
      metadata,
      spec: { policyName: metadata.name, matchResources: { namespaceSelector } },
    },
  ];
}
