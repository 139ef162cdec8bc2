import { eventually, Skipped } from '@rolegate/testing';
import type { ApiServer } from '../../api-server.ts';
import type { ClusterObjects } from '../../cluster-objects.ts';
import type { ClusterStep } from '../../world.ts';
import { messageOf } from '../objects.ts';
import { LABEL, podShapes } from './pod-shapes.ts';
import type { PodShape, PodSpec } from './pod-shapes.ts';
import { addingContainer, createAll, injectionObjects, LATE } from './policy-objects.ts';
import { differences, servedIn } from './served.ts';

/** Time for the API server to activate or forget a policy, and for a controller to create a Pod. */
const IN_FORCE = { withinMs: 30_000, everyMs: 200 };

export interface InjectionDeps {
  readonly api: ApiServer;
  readonly objects: Pick<ClusterObjects, 'namespace'>;
  /** Of MutatingAdmissionPolicy in this cluster; undefined if it has none. */
  readonly version: string | undefined;
  readonly stack: AsyncDisposableStack;
}

/** Tests the chart's policy that gives Pods their token, in force. Each step needs those before it. */
export function injectionSteps({ version, ...deps }: InjectionDeps): ClusterStep[] {
  if (version === undefined)
    return [
      {
        title: 'The policy gives Pods their token',
        run: () => Promise.reject(new Skipped('the cluster has no MutatingAdmissionPolicy')),
      },
    ];
  const cluster = createCluster({ ...deps, version });
  return [
    {
      title: 'The API server accepts each Pod of the table of shapes',
      async run() {
        for (const shape of podShapes) cluster.plain.set(shape.title, await cluster.dryRun(shape));
      },
    },
    {
      title: 'The policy that gives Pods their token comes into force',
      run: () => cluster.apply(),
    },
    ...podShapes.map((shape) => ({
      title: `The policy changes nothing but what it should in a Pod ${shape.title}`,
      run: () => cluster.expectChanged(shape),
    })),
    {
      title: 'The policy gives the Pods of a Deployment their token',
      run: () => cluster.expectDeployment(),
    },
    {
      title: 'The policy also serves a container that another policy adds after it',
      run: () => cluster.expectLateContainer(),
    },
    {
      title: 'Without the policy, Pods are as they were again',
      run: () => cluster.remove(),
    },
  ];
}

function createCluster({ api, objects, version, stack }: InjectionDeps & { readonly version: string }) {
  const plain = new Map<string, PodSpec>();
  const namespaces = new Map<boolean, Promise<string>>();
  const made: string[] = [];

  function namespaceOf(labelled: boolean): Promise<string> {
    const found =
      namespaces.get(labelled) ??
      (labelled ? objects.namespace('tokens', {}, { [LABEL]: 'token' }) : objects.namespace('no-tokens'));
    namespaces.set(labelled, found);
    return found;
  }

  async function dryRun(shape: PodShape): Promise<PodSpec> {
    const { spec, labels, annotations } = shape;
    const answer = await api.ask({
      method: 'POST',
      path: `/api/v1/namespaces/${await namespaceOf(shape.unlabelled !== true)}/pods?dryRun=All`,
      body: { metadata: { generateName: 'shape-', labels, annotations }, spec },
    });
    if (answer.status !== 201) throw new Error(`a Pod ${shape.title}: ${messageOf(answer)}`);
    return (answer.body as unknown as { spec: PodSpec }).spec;
  }

  async function expectChanged(shape: PodShape): Promise<void> {
    const found = differences({
      plain: plain.get(shape.title) ?? shape.spec,
      found: await dryRun(shape),
      served: shape.served,
    });
    if (found.length > 0) throw new Error(found.join('; '));
  }

  async function remove(): Promise<void> {
    for (const path of made.splice(0)) await api.ask({ method: 'DELETE', path });
  }
  stack.defer(remove);

  return {
    plain,
    dryRun,
    expectChanged,
    async apply() {
      made.push(...(await createAll(api, injectionObjects(version))));
      for (const shape of podShapes.filter(({ served }) => served.length > 0))
        await eventually(() => expectChanged(shape), IN_FORCE);
    },
    async expectLateContainer() {
      const paths = await createAll(api, addingContainer(version, await namespaceOf(true)));
      made.push(...paths);
      const shape: PodShape = {
        title: 'with one container',
        spec: { containers: [{ name: 'app', image: 'example.invalid/app' }] },
        served: ['app', LATE],
      };
      await eventually(async () => {
        const spec = await dryRun(shape);
        const found = servedIn(spec);
        if (found.join() !== shape.served.join()) throw new Error(`it serves ${found.join(', ')}`);
      }, IN_FORCE);
    },
    expectDeployment: () => expectDeployment(api, namespaceOf(true)),
    async remove() {
      await remove();
      for (const shape of podShapes)
        await eventually(() => expectChanged({ ...shape, served: [] }), IN_FORCE);
    },
  };
}

async function expectDeployment(api: ApiServer, namespaceOf: Promise<string>): Promise<void> {
  const namespace = await namespaceOf;
  const labels = { app: 'web' };
  const spec = { containers: [{ name: 'app', image: 'example.invalid/app' }] };
  const answer = await api.ask({
    method: 'POST',
    path: `/apis/apps/v1/namespaces/${namespace}/deployments`,
    body: {
      metadata: { name: 'web' },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    },
  });
  if (answer.status !== 201) throw new Error(messageOf(answer));
  await eventually(async () => {
    const { body } = await api.ask({ method: 'GET', path: `/api/v1/namespaces/${namespace}/pods` });
    const [pod] = body['items'] as { spec: PodSpec }[];
    if (pod === undefined) throw new Error('the Deployment has no Pod yet');
    const names = (pod.spec.volumes ?? []).map(({ name }) => name);
    if (!names.includes('rolegate-token')) throw new Error(`its volumes are ${names.join(', ')}`);
  }, IN_FORCE);
}
