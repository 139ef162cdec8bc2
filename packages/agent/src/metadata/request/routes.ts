import type { AgentMemory } from '../../memory/memory.ts';
import type { OtherMetadata } from '../../node-imds/other-metadata.ts';
import { CREDENTIALS_DIRECTORY, parseRequestPath, pathForLog } from './path.ts';

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
/** Then it is worked out again. Milliseconds. */
const REMEMBERED_MS = 3_600_000;
/** Longer ones are not remembered. Characters. */
const LONGEST_REMEMBERED = 256;

const TOKEN_PATH = 'api/token';

export interface RoutesDeps extends Pick<OtherMetadata, 'everReadable'> {
  readonly memory: AgentMemory;
}

/** Routes by raw request target. What a path leads to is the same for all Pods, so it is worked out once. */
export function createRoutes({
  everReadable,
  memory,
}: RoutesDeps): (target: string, namespace: string) => Route {
  const remembered = memory.remember<Route>('routes', { keepMs: REMEMBERED_MS, most: MOST_REMEMBERED });
  return (target, namespace) => {
    const known = remembered.peek(target);
    if (known !== undefined) return known;
    if (target.length > LONGEST_REMEMBERED) return routeOf(target, everReadable);
    // A piece of a head would keep the whole of it in memory.
    const own = Buffer.from(target, 'latin1').toString('latin1');
    const route = routeOf(own, everReadable);
    // Targets that a Pod makes up take the places of its own Namespace's.
    remembered.set(own, route, namespace);
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
