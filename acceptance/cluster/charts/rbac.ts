import { serviceAccount } from '../api-server.ts';
import type { ApiObject, ApiServer, Impersonated } from '../api-server.ts';
import { forbiddenRights, givenRights, neededRights, wordsOf } from './rights.ts';
import type { Right, RightsOptions } from './rights.ts';
import { goldenFile, objectsIn } from './golden-files.ts';
import type { ClusterStep } from '../world.ts';

type Choice = Omit<RightsOptions, 'namespace'>;

/** One rendering for each set of permissions that the server chart can grant. */
const RENDERINGS: readonly ({ readonly file: string } & Choice)[] = [
  { file: 'minimal', authority: true, tokens: true, startupTaint: false, containerCredentials: false },
  { file: 'pod-identity', authority: true, tokens: true, startupTaint: true, containerCredentials: false },
  { file: 'cert-manager', authority: false, tokens: true, startupTaint: false, containerCredentials: false },
  {
    file: 'container-credentials',
    authority: true,
    tokens: true,
    startupTaint: false,
    containerCredentials: true,
  },
];
const RBAC = ['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'];

/** Checks the permissions of the charts' ServiceAccounts with the API server. */
export function rbacSteps({ api, namespace }: { api: ApiServer; namespace: string }): ClusterStep[] {
  return [
    ...RENDERINGS.flatMap(({ file, ...choice }) => serverSteps({ api, namespace, file, choice })),
    {
      title: 'An agent has no permissions in the API server',
      async run() {
        // Without hardening, every ServiceAccount may read the issuer's documents.
        const all = {
          namespace,
          authority: true,
          tokens: true,
          startupTaint: true,
          containerCredentials: false,
        };
        const refused = [...neededRights(all), ...forbiddenRights(namespace)];
        await withRights({ api, namespace, chart: 'agent', file: 'minimal' }, () =>
          expectRights({ api, who: serviceAccount(namespace, 'rolegate-agent') }, { allowed: [], refused }),
        );
      },
    },
    {
      title: 'The cleanup Job after helm uninstall can only read and delete the authority objects',
      run: () =>
        withRights({ api, namespace, file: 'minimal' }, async (given) => {
          const cleanup = given.filter(({ account }) => account.endsWith('-cleanup'));
          const [who] = cleanup.map(({ account }) => serviceAccount(namespace, account));
          if (who === undefined) throw new Error('there is no such ServiceAccount');
          const own = ['secrets', 'configmaps'].flatMap((resource) =>
            ['get', 'delete'].map((verb) => ({ verb, resource, namespace, name: 'rolegate-authority' })),
          );
          sameRights(
            cleanup.flatMap(({ rights }) => rights),
            own,
          );
          await expectRights(
            { api, who },
            { allowed: own, refused: notOwn(forbiddenRights(namespace), own) },
          );
        }),
    },
  ];
}

interface Rendering {
  readonly api: ApiServer;
  readonly namespace: string;
  readonly chart?: 'server' | 'agent';
  readonly file: string;
}

function serverSteps({ choice, ...rendering }: Rendering & { choice: Choice }): ClusterStep[] {
  const { api, namespace, file } = rendering;
  const needed = neededRights({ namespace, ...choice });
  const who = serviceAccount(namespace, 'rolegate-server');
  const ofServer = ({ account }: Given) => account === 'rolegate-server';
  return [
    {
      title: `With the values of ${file}, the RBAC rules of the server match exactly the requests that it makes`,
      run: () =>
        withRights(rendering, (given) => {
          sameRights(
            given.filter(ofServer).flatMap(({ rights }) => rights),
            needed,
          );
        }),
    },
    {
      title: `With the values of ${file}, the API server allows what the server needs and refuses what it must not do`,
      run: () =>
        withRights(rendering, () =>
          expectRights(
            { api, who },
            {
              allowed: needed,
              refused: [
                ...notOwn(forbiddenRights(namespace), needed),
                ...(choice.startupTaint ? [] : [{ verb: 'patch', resource: 'nodes' }]),
                ...(choice.authority
                  ? []
                  : [{ verb: 'get', resource: 'secrets', namespace, name: 'rolegate-authority' }]),
              ],
            },
          ),
        ),
    },
  ];
}

interface Given {
  readonly account: string;
  readonly rights: readonly Right[];
}

/** Creates the RBAC objects of a rendering and removes them afterwards. */
async function withRights(
  { api, namespace, chart = 'server', file }: Rendering,
  use: (given: Given[]) => void | Promise<void>,
): Promise<void> {
  const all = objectsIn(goldenFile(`charts/${chart}/golden/${file}.yaml`), namespace);
  const objects = all.filter(({ kind }) => RBAC.includes(kind));
  const made: string[] = [];
  try {
    for (const object of objects) {
      const path = (await api.collectionOf(object)) ?? '';
      const { status, body } = await api.ask({ method: 'POST', path, body: object });
      if (status !== 201)
        throw new Error(`${object.kind} ${object.metadata.name}: ${String(body['message'])}`);
      made.push(`${path}/${object.metadata.name}`);
    }
    await use(objects.flatMap((object) => givenBy(object, objects)));
  } finally {
    for (const path of made) await api.ask({ method: 'DELETE', path });
  }
}

/** The permissions that a binding grants to its subjects. */
function givenBy(binding: ApiObject, objects: readonly ApiObject[]): Given[] {
  const { roleRef, subjects = [] } = binding as {
    roleRef?: { kind: string; name: string };
    subjects?: { name: string }[];
  };
  const role = objects.find(({ kind, metadata }) => kind === roleRef?.kind && metadata.name === roleRef.name);
  if (role === undefined) return [];
  const rules = role['rules'] as Parameters<typeof givenRights>[0];
  const rights = givenRights(rules, binding.kind === 'RoleBinding' ? role.metadata.namespace : undefined);
  return subjects.map(({ name }) => ({ account: name, rights }));
}

function sameRights(given: readonly Right[], needed: readonly Right[]): void {
  const [has, needs] = [given.map(wordsOf), needed.map(wordsOf)];
  const more = has.filter((right) => !needs.includes(right));
  const less = needs.filter((right) => !has.includes(right));
  if (more.length + less.length > 0)
    throw new Error(`surplus: ${more.join(', ') || 'none'}; missing: ${less.join(', ') || 'none'}`);
}

function notOwn(rights: readonly Right[], own: readonly Right[]): Right[] {
  const words = own.map(wordsOf);
  return rights.filter((right) => !words.includes(wordsOf(right)));
}

async function expectRights(
  { api, who }: { api: ApiServer; who: Impersonated },
  { allowed, refused }: { allowed: readonly Right[]; refused: readonly Right[] },
): Promise<void> {
  const problems: string[] = [];
  for (const right of allowed) if (!(await may(api, who, right))) problems.push(`cannot ${wordsOf(right)}`);
  for (const right of refused) if (await may(api, who, right)) problems.push(`can ${wordsOf(right)}`);
  if (problems.length > 0) throw new Error(`${who.user} ${problems.join(', ')}`);
}

/** The API server's answer to whether somebody has a right. */
export async function may(api: ApiServer, as: Impersonated, right: Right): Promise<boolean> {
  const { status, body } = await api.ask({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    as,
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: 'path' in right ? { nonResourceAttributes: right } : { resourceAttributes: right },
    },
  });
  if (status !== 201) throw new Error(`no answer on ${wordsOf(right)}: ${String(body['message'])}`);
  return (body['status'] as { allowed: boolean }).allowed;
}
