import type { ApiRequest } from './connection.ts';

/** The resource in a path, and the name of one object. */
const OF_NAMESPACE = /\/namespaces\/[^/]+\/([a-z]+)\/([^/]+)$/;
/** Rights to one Node alone are of no use: the resource says enough. */
const NODE = /\/nodes\/[^/]+$/;

const VERBS = { GET: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' } as const;

/** As RBAC says it: the verb and the resource, or the one object. */
export function describe({ method, path, query }: Pick<ApiRequest, 'method' | 'path' | 'query'>): string {
  const [, resource, name] = OF_NAMESPACE.exec(path) ?? [];
  if (resource !== undefined && name !== undefined) return `${VERBS[method]} ${resource}/${name}`;
  if (NODE.test(path)) return `${VERBS[method]} nodes`;
  const verb = method !== 'GET' ? VERBS[method] : query?.['watch'] === 'true' ? 'watch' : 'list';
  return `${verb} ${path.slice(path.lastIndexOf('/') + 1)}`;
}
