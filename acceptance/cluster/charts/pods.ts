import type { ApiObject, ApiServer } from '../api-server.ts';
import { messageOf } from './objects.ts';
import { goldenFiles, objectsIn } from './golden-files.ts';
import type { GoldenFile } from './golden-files.ts';
import type { ClusterStep } from '../world.ts';

/** Pod Security levels, strictest first. */
const LEVELS = ['restricted', 'baseline', 'privileged'] as const;
/** Replaces references to objects that do not exist here. */
const STAND_INS = { serviceAccountName: 'default', priorityClassName: undefined };
type Level = (typeof LEVELS)[number];

export interface PodsDeps {
  readonly api: ApiServer;
  readonly namespace: (level: Level) => Promise<string>;
}

/** Asks the API server which Pod Security level each rendered Pod needs. */
export function podSteps(deps: PodsDeps): ClusterStep[] {
  const server = goldenFiles().filter(({ path }) => /charts\/server|rolegate-server/.test(path));
  const agent = goldenFiles().filter(({ path }) => /charts\/agent|rolegate-agent/.test(path));
  // Uses the host network, which only the privileged level allows.
  const onNodes = (file: GoldenFile) => file.path.endsWith('/node.yaml');
  return [
    {
      title: 'Server Pods, Jobs and test Pods meet the restricted Pod Security level',
      async run() {
        const pods = [...server.filter((file) => !onNodes(file)), ...agent].flatMap(podsOf);
        await expectLevel(
          deps,
          pods.filter(({ kind }) => kind !== 'DaemonSet'),
          'restricted',
        );
      },
    },
    {
      title:
        'Only agents, and servers that use the role of their node, need the privileged Pod Security level',
      async run() {
        const agents = agent.flatMap(podsOf).filter(({ kind }) => kind === 'DaemonSet');
        const servers = server
          .filter(onNodes)
          .flatMap(podsOf)
          .filter(({ kind }) => kind === 'Deployment');
        await expectLevel(deps, [...agents, ...servers], 'privileged');
      },
    },
  ];
}

interface Template {
  readonly title: string;
  readonly kind: string;
  readonly spec: object;
}

function podsOf(file: GoldenFile): Template[] {
  return objectsIn(file).flatMap((object) => {
    const spec = podSpecOf(object);
    return spec === undefined
      ? []
      : [{ title: `${file.path}: ${object.kind} ${object.metadata.name}`, kind: object.kind, spec }];
  });
}

function podSpecOf({ kind, ...object }: ApiObject): object | undefined {
  if (kind === 'Pod') return object['spec'] as object;
  const { template } = (object['spec'] ?? {}) as { template?: { spec: object } };
  return template?.spec;
}

/** The level admits the Pods, and stricter ones do not. */
async function expectLevel(
  { api, namespace }: PodsDeps,
  pods: readonly Template[],
  level: Level,
): Promise<void> {
  if (pods.length === 0) throw new Error('the renderings have no such Pods');
  for (const { title, spec } of pods) {
    for (const tried of LEVELS.slice(0, LEVELS.indexOf(level) + 1)) {
      const answer = await api.ask({
        method: 'POST',
        path: `/api/v1/namespaces/${await namespace(tried)}/pods?dryRun=All`,
        body: { metadata: { generateName: 'level-' }, spec: { ...spec, ...STAND_INS } },
      });
      const expected = tried === level ? 201 : 403;
      if (answer.status !== expected) throw new Error(`${title}, level ${tried}: ${messageOf(answer)}`);
    }
  }
}
