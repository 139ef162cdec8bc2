import type { ApiObject, ApiServer } from '../api-server.ts';
import { goldenFile, objectsIn } from '../charts/golden-files.ts';
import { givenRights, wordsOf } from '../charts/rights.ts';
import type { Right } from '../charts/rights.ts';

const RBAC = 'rbac.authorization.k8s.io';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface RoleObject extends ApiObject {
  readonly rules: readonly Rule[];
}

/** The roles and bindings that deploy/ has for a command, for the Namespace of a test's agents and servers. */
export function roleFile(command: string, namespace: string): readonly ApiObject[] {
  return objectsIn(goldenFile(`deploy/kubectl-rolegate/${command}.yaml`), namespace);
}

/** What the file grants, each right in its words. */
export function grantedBy(objects: readonly ApiObject[]): ReadonlyMap<string, Right> {
  const rights = objects
    .filter(isRole)
    .flatMap(({ rules, metadata: { namespace } }) => givenRights(rules, namespace));
  return new Map(rights.map((right) => [wordsOf(right), right]));
}

export interface GrantOptions {
  readonly api: ApiServer;
  readonly objects: readonly ApiObject[];
  /** Who gets the rights. Also the suffix of the names of the objects. */
  readonly user: string;
  /** In their words. */
  readonly without: readonly string[];
}

/** Creates the roles, without some rights, and binds them to the user. They are removed with the result. */
export async function grant({ api, objects, user, without }: GrantOptions): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  for (const object of objects) {
    const body = isRole(object) ? lessened(object, without) : boundTo(object, user);
    const named = { ...body, metadata: { ...body.metadata, name: `${object.metadata.name}-${user}` } };
    const path = (await api.collectionOf(named)) ?? '';
    const { status, body: answer } = await api.ask({ method: 'POST', path, body: named });
    if (status !== 201)
      throw new Error(`${object.kind} ${named.metadata.name}: ${String(answer['message'])}`);
    stack.defer(async () => {
      await api.ask({ method: 'DELETE', path: `${path}/${named.metadata.name}` });
    });
  }
  return stack.move();
}

function isRole(object: ApiObject): object is RoleObject {
  return object.kind === 'Role' || object.kind === 'ClusterRole';
}

/** Its rules have one right each. */
function lessened(role: RoleObject, without: readonly string[]): RoleObject {
  const { namespace } = role.metadata;
  const rules = role.rules.flatMap(single);
  return {
    ...role,
    rules: rules.filter((rule) =>
      givenRights([rule], namespace).every((right) => !without.includes(wordsOf(right))),
    ),
  };
}

function single({ apiGroups, resources, resourceNames, verbs }: Rule): readonly Rule[] {
  const names = resourceNames?.map((name) => ({ resourceNames: [name] })) ?? [{}];
  return apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) =>
        names.map((named) => ({ apiGroups: [group], resources: [resource], verbs: [verb], ...named })),
      ),
    ),
  );
}

function boundTo(binding: ApiObject, user: string): ApiObject {
  const { name, kind } = binding['roleRef'] as { readonly name: string; readonly kind: string };
  return {
    ...binding,
    roleRef: { apiGroup: RBAC, kind, name: `${name}-${user}` },
    subjects: [{ apiGroup: RBAC, kind: 'User', name: user }],
  };
}
