/** A request for RBAC. */
export type Right = ResourceRight | PathRight;

interface ResourceRight {
  readonly verb: string;
  /** '' or undefined for the core group. */
  readonly group?: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly name?: string;
  /** Undefined: all Namespaces, or a cluster-scoped resource. */
  readonly namespace?: string;
}

/** Of a path that is not of a resource. */
interface PathRight {
  readonly verb: string;
  readonly path: string;
}

export interface RightsOptions {
  /** The Namespace of the release. */
  readonly namespace: string;
  readonly authority: boolean;
  readonly tokens: boolean;
  readonly startupTaint: boolean;
  readonly containerCredentials: boolean;
}

const AUTHORITY = 'rolegate-authority';
/** The keys of ServiceAccount tokens and their issuer. */
const ISSUER = ['/openid/v1/jwks', '/.well-known/openid-configuration'];
const KEPT = ['secrets', 'configmaps'];

/** Exactly the requests that a server makes (callers of `connection.request` in packages/server/src). */
export function neededRights({
  namespace,
  authority,
  tokens,
  startupTaint,
  containerCredentials,
}: RightsOptions): Right[] {
  const watched = ['pods', 'namespaces', 'serviceaccounts', 'nodes'];
  return [
    ...watched.flatMap((resource) => ['list', 'watch'].map((verb) => ({ verb, resource }))),
    { verb: 'create', resource: 'events' },
    ...(tokens ? [{ verb: 'create', group: 'authentication.k8s.io', resource: 'tokenreviews' }] : []),
    ...(containerCredentials ? ISSUER.map((path) => ({ verb: 'get', path })) : []),
    ...(startupTaint ? ['get', 'patch'].map((verb) => ({ verb, resource: 'nodes' })) : []),
    ...(authority ? KEPT.flatMap((resource) => authorityRights(resource, namespace)) : []),
  ];
}

function authorityRights(resource: string, namespace: string): Right[] {
  return ['get', 'update'].map((verb) => ({ verb, resource, namespace, name: AUTHORITY }));
}

/** What a server must never be allowed, whatever the values. */
export function forbiddenRights(namespace: string): Right[] {
  const secret = { resource: 'secrets', namespace };
  return [
    { verb: 'create', ...secret },
    { verb: 'list', ...secret },
    { verb: 'watch', ...secret },
    { verb: 'delete', ...secret },
    { verb: 'deletecollection', ...secret },
    { verb: 'patch', ...secret },
    { verb: 'create', resource: 'configmaps', namespace },
    ...['get', 'update'].map((verb) => ({ verb, ...secret, name: 'another' })),
    ...['get', 'list', 'watch', 'create'].map((verb) => ({ verb, resource: 'secrets' })),
    ...['get', 'update', 'create'].map((verb) => ({ verb, resource: 'secrets', namespace: 'kube-system' })),
    { verb: 'delete', ...secret, name: AUTHORITY },
    ...['create', 'update', 'patch', 'delete'].map((verb) => ({ verb, resource: 'pods' })),
    ...['exec', 'attach', 'portforward', 'proxy', 'ephemeralcontainers', 'status', 'eviction'].map(
      (subresource) => ({ verb: 'create', resource: 'pods', subresource }),
    ),
    ...['create', 'update', 'delete'].map((verb) => ({ verb, resource: 'nodes' })),
    { verb: 'patch', resource: 'nodes', subresource: 'status' },
    { verb: 'get', resource: 'nodes', subresource: 'proxy' },
    ...['create', 'update', 'patch', 'delete'].map((verb) => ({ verb, resource: 'namespaces' })),
    ...['create', 'update', 'patch', 'delete', 'impersonate'].map((verb) => ({
      verb,
      resource: 'serviceaccounts',
    })),
    { verb: 'create', resource: 'serviceaccounts', subresource: 'token' },
    ...['escalate', 'bind', 'create'].map((verb) => ({
      verb,
      group: 'rbac.authorization.k8s.io',
      resource: 'clusterroles',
    })),
    { verb: 'create', group: 'authentication.k8s.io', resource: 'tokenreviews', subresource: 'status' },
    { verb: 'create', group: 'apps', resource: 'daemonsets' },
    { verb: '*', group: '*', resource: '*' },
    { verb: 'get', path: '/metrics' },
    { verb: 'get', path: '/logs' },
    { verb: 'get', path: '/debug/pprof' },
    { verb: 'get', path: '/openid/v1/other' },
  ];
}

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

/** Expands rules to single rights. */
export function givenRights(rules: readonly Rule[], namespace?: string): Right[] {
  return rules.flatMap(({ nonResourceURLs = [], verbs, ...rule }) => [
    ...resourceRights({ ...rule, verbs }, namespace),
    ...nonResourceURLs.flatMap((path) => verbs.map((verb) => ({ verb, path }))),
  ]);
}

function resourceRights(
  { apiGroups = [], resources = [], resourceNames, verbs }: Rule,
  namespace: string | undefined,
): ResourceRight[] {
  const names: readonly (string | undefined)[] = resourceNames ?? [undefined];
  return apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) =>
        names.map((name) => ({
          verb,
          resource,
          ...(group !== '' && { group }),
          ...(name !== undefined && { name }),
          ...(namespace !== undefined && { namespace }),
        })),
      ),
    ),
  );
}

/** A text such as `get secrets rolegate-authority in rolegate`, or `get /metrics`. */
export function wordsOf(right: Right): string {
  if ('path' in right) return `${right.verb} ${right.path}`;
  const { verb, group = '', resource, subresource, name, namespace } = right;
  const what = [resource, ...(subresource === undefined ? [] : [subresource])].join('/');
  const of = group === '' ? what : `${what}.${group}`;
  return `${verb} ${of}${name === undefined ? '' : ` ${name}`}${namespace === undefined ? '' : ` in ${namespace}`}`;
}
