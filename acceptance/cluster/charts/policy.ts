import { eventually } from '@rolegate/testing';
import type { ApiObject, ApiServer, Impersonated } from '../api-server.ts';
import { messageOf } from './objects.ts';
import { goldenFiles, objectsIn } from './golden-files.ts';
import type { ClusterStep } from '../world.ts';

/** Time for the API server to activate a policy. */
const IN_FORCE = { withinMs: 30_000, everyMs: 200 };
const ROLE = 'iam.amazonaws.com/role';

export interface PolicyDeps {
  readonly api: ApiServer;
  readonly namespace: string;
  /** A Node object without a kubelet. */
  readonly node: string;
}

/** Tests the chart's admission policy in force. */
export function policySteps({ api, namespace, node }: PolicyDeps): ClusterStep[] {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const kubelet = { user: `system:node:${node}`, groups: ['system:nodes', 'system:authenticated'] };

  /** A mirror Pod as a kubelet creates it. */
  const mirror = (annotations: Readonly<Record<string, string>>) => ({
    metadata: {
      name: 'mirror',
      annotations: { 'kubernetes.io/config.mirror': 'a', ...annotations },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node, uid: '', controller: true }],
    },
    spec: { nodeName: node, containers: [{ name: 'app', image: 'example.invalid/app' }] },
  });

  async function tried(as: Impersonated | undefined, annotations: Readonly<Record<string, string>>) {
    const { body } = await api.ask({ method: 'GET', path: `/api/v1/nodes/${node}` });
    const { uid } = body['metadata'] as { uid: string };
    const pod = mirror(annotations);
    const [owner] = pod.metadata.ownerReferences;
    const metadata = { ...pod.metadata, ownerReferences: [{ ...owner, uid }] };
    return api.ask({
      method: 'POST',
      path: `${pods}?dryRun=All`,
      body: { ...pod, metadata },
      ...(as !== undefined && { as }),
    });
  }

  return [
    {
      title: 'With the admission policy of the chart, a node cannot set a role on its Pods',
      run: () =>
        withPolicy(api, async () => {
          await eventually(async () => {
            const answer = await tried(kubelet, { [ROLE]: 'team/app' });
            if (answer.status !== 403 || !messageOf(answer).includes('a node may not set annotations'))
              throw new Error(`it was not refused: ${messageOf(answer)}`);
          }, IN_FORCE);
          const plain = await tried(kubelet, { 'example.org/other': 'x' });
          if (plain.status !== 201) throw new Error(`a plain mirror Pod was refused: ${messageOf(plain)}`);
        }),
    },
    {
      title: 'Without the admission policy, a node can set a role on its Pods',
      run: () =>
        eventually(async () => {
          const answer = await tried(kubelet, { [ROLE]: 'team/app' });
          if (answer.status !== 201) throw new Error(`it was refused: ${messageOf(answer)}`);
        }, IN_FORCE),
    },
  ];
}

async function withPolicy(api: ApiServer, use: () => Promise<void>): Promise<void> {
  const objects = goldenFiles()
    .filter(({ path }) => path.startsWith('charts/server'))
    .map((file) => objectsIn(file).filter(({ kind }) => kind.startsWith('ValidatingAdmissionPolicy')))
    .find((found) => found.length === 2);
  if (objects === undefined) throw new Error('no rendering has the policy');
  const made: string[] = [];
  try {
    for (const object of objects) made.push(await create(api, object));
    await use();
  } finally {
    for (const path of made) await api.ask({ method: 'DELETE', path });
  }
}

async function create(api: ApiServer, object: ApiObject): Promise<string> {
  const path = (await api.collectionOf(object)) ?? '';
  const answer = await api.ask({ method: 'POST', path, body: object });
  if (answer.status !== 201) throw new Error(`${object.kind}: ${messageOf(answer)}`);
  return `${path}/${object.metadata.name}`;
}
