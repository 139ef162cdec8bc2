import type { AgentMemory } from '../../memory/memory.ts';
import type { OtherMetadata } from '../../node-imds/other-metadata.ts';
import type { RouteName } from '../../pod-http/answer/record.ts';
import { CREDENTIALS_DIRECTORY, parseRequestPath, pathForLog } from './path.ts';

/** The target of a request. The first two are refused for every caller. */
export type Route =
  | { readonly kind: 'malformed'; readonly detail: string }
  | { readonly kind: 'blocked'; readonly detail: string }
  | OpenRoute;

/** A path that some Pod may read. */
export type OpenRoute =
  /** `dated`: under a version other than latest, where no tokens are issued. */
  | { readonly kind: 'token'; readonly dated: boolean }
  | { readonly kind: 'list' }
  /** `role` as spelled in the request. */
  | { readonly kind: 'credentials'; readonly role: string }
  | { readonly kind: 'iam-info' }
  | { readonly kind: 'iam' }
  | { readonly kind: 'versions' }
  | { readonly kind: 'metadata'; readonly path: string };

/** Remembered targets: a node's Pods request few, repeatedly. */
const MOST_REMEMBERED = 512;
/** How long they are remembered. Milliseconds. */
const REMEMBERED_MS = 3_600_000;
/** Longer targets are not remembered. Characters. */
const LONGEST_REMEMBERED = 256;

const TOKEN_PATH = 'api/token';

export interface RoutesDeps extends Pick<OtherMetadata, 'everReadable'> {
  readonly memory: AgentMemory;
}

/** Routes by raw request target. A path's route is the same for all Pods, so it is computed once. */
export function createRoutes({
  everReadable,
  memory,
}: RoutesDeps): (target: string, namespace: string) => Route {
  const remembered = memory.remember<Route>('routes', { keepMs: REMEMBERED_MS, most: MOST_REMEMBERED });
  return (target, namespace) => {
    const known = remembered.peek(target);
    if (known !== undefined) return known;
    if (target.length > LONGEST_REMEMBERED) return routeOf(target, everReadable);
    // Copied, because a slice would keep the whole request head in memory.
    const own = Buffer.from(target, 'latin1').toString('latin1');
    const route = routeOf(own, everReadable);
    // Targets that a Pod makes up only displace those of its Namespace.
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
