import type { OtherMetadata } from './other-metadata.ts';
import { CREDENTIALS_DIRECTORY, parseRequestPath, pathForLog } from './request-path.ts';

/** Where a request goes. The first two are refused whoever asks. */
export type Route =
  | { readonly kind: 'malformed'; readonly detail: string }
  | { readonly kind: 'blocked'; readonly detail: string }
  | OpenRoute;

/** A place that some Pod may read. */
export type OpenRoute =
  /** `dated`: under another version than latest, where tokens are not given. */
  | { readonly kind: 'token'; readonly dated: boolean }
  | { readonly kind: 'list' }
  /** `role` as the Pod spells it. */
  | { readonly kind: 'credentials'; readonly role: string }
  | { readonly kind: 'iam-info' }
  | { readonly kind: 'iam' }
  | { readonly kind: 'versions' }
  | { readonly kind: 'metadata'; readonly path: string };

/** How a route is called in logs and metrics: a closed set. */
export type RouteName = 'token' | 'list' | 'credentials' | 'iam-info' | 'metadata' | 'blocked' | 'malformed';

/** Targets whose route is remembered: a node's Pods ask for few, over and over. */
const MOST_REMEMBERED = 512;
/** Longer ones are not remembered. Characters. */
const LONGEST_REMEMBERED = 256;

const TOKEN_PATH = 'api/token';

/** Routes by raw request target. What a path leads to is the same for all Pods, so it is worked out once. */
export function createRoutes({
  everReadable,
}: Pick<OtherMetadata, 'everReadable'>): (target: string) => Route {
  const remembered = new Map<string, Route>();
  return (target) => {
    const known = remembered.get(target);
    if (known !== undefined) return known;
    const route = routeOf(target, everReadable);
    if (target.length > LONGEST_REMEMBERED) return route;
    // A Pod that makes up targets costs the others one parsing each, and no memory.
    if (remembered.size >= MOST_REMEMBERED) remembered.clear();
    remembered.set(target, route);
    return route;
  };
}

/** The name for logs and metrics. */
export function routeName({ kind }: Route): RouteName {
  return kind === 'iam' || kind === 'versions' ? 'metadata' : kind;
}

function routeOf(target: string, everReadable: (path: string) => boolean): Route {
  const parsed = parseRequestPath(target);
  if (parsed.kind === 'fault')
    return { kind: parsed.status === 400 ? 'malformed' : 'blocked', detail: parsed.detail };
  const { version, path, role } = parsed;
  if (version === '') return { kind: 'versions' };
  if (role !== undefined) return { kind: 'credentials', role };
  switch (path) {
    case TOKEN_PATH:
      return { kind: 'token', dated: version !== 'latest' };
    case CREDENTIALS_DIRECTORY:
      return { kind: 'list' };
    case 'meta-data/iam/info':
      return { kind: 'iam-info' };
    case 'meta-data/iam':
      return { kind: 'iam' };
    default:
      return everReadable(path)
        ? { kind: 'metadata', path }
        : { kind: 'blocked', detail: `no Pod may read ${pathForLog(path)} here` };
  }
}
