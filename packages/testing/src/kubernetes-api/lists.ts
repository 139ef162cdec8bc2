import { jsonOf } from './answer-text.ts';
import type { Database } from './database.ts';
import { readSelector } from './label-selector.ts';
import type { KubernetesKind, StoredObject } from './object.ts';
import { Failure } from './status.ts';

/** Message of kube-apiserver 1.34 for a continue token of a compacted list. */
const EXPIRED =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
  'the continue parameter, or use the continue token in this response to retrieve the remainder of the results.';

interface Snapshot {
  readonly version: number;
  readonly objects: readonly StoredObject[];
}

export interface Lists {
  /** The answer's text in pieces, because a page of large objects exceeds the longest string. */
  list(kind: KubernetesKind, namespace: string | undefined, query: URLSearchParams): Iterable<string>;
  /** Expires all continue tokens issued so far. */
  readonly expire: () => void;
  /** Expires the continue token that is used next. */
  readonly expireNext: () => void;
}

/** Lists with `limit` and `continue`. All pages of a list have the version at which it began. */
export function createLists({ database }: { database: Database }): Lists {
  let snapshots = new Map<number, Snapshot>();
  let nextIsExpired = false;

  return {
    list(kind, namespace, query) {
      checkQuery(query, database.version);
      const selector = query.get('labelSelector');
      const limit = Number(query.get('limit') ?? 0);
      const token = readToken(query.get('continue'));
      const snapshot =
        token === undefined
          ? {
              version: database.version,
              objects: database.list(kind, namespace).filter(readSelector(selector)),
            }
          : snapshots.get(token.version);
      if (snapshot === undefined || (token !== undefined && nextIsExpired)) {
        nextIsExpired = false;
        throw expired();
      }
      const start = token?.start ?? 0;
      const end = limit > 0 ? start + limit : snapshot.objects.length;
      const remaining = snapshot.objects.length - end;
      if (remaining > 0) snapshots.set(snapshot.version, snapshot);
      const metadata = {
        resourceVersion: `${snapshot.version}`,
        ...(remaining > 0
          ? {
              continue: writeToken(snapshot.version, end),
              ...(selector ? {} : { remainingItemCount: remaining }),
            }
          : {}),
      };
      return listText(
        { kind: `${kind}List`, apiVersion: 'v1', metadata },
        snapshot.objects.slice(start, end),
      );
    },
    expireNext() {
      nextIsExpired = true;
    },
    expire() {
      snapshots = new Map();
    },
  };
}

function checkQuery(query: URLSearchParams, version: number): void {
  if (query.has('sendInitialEvents')) {
    throw new Failure(
      422,
      'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list',
    );
  }
  const asked = Number(query.get('resourceVersion') ?? 0);
  if (asked <= version) return;
  throw new Failure(504, `Timeout: Too large resource version: ${asked}, current: ${version}`, {
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  });
}

function* listText(head: object, objects: readonly StoredObject[]): Generator<string> {
  yield `${JSON.stringify(head).slice(0, -1)},"items":[`;
  for (const [index, object] of objects.entries())
    yield `${index === 0 ? '' : ','}${jsonOf(withoutKind(object))}`;
  yield ']}';
}

/** The real one omits kind and apiVersion of list items. */
function withoutKind(object: StoredObject): object {
  return { ...object, kind: undefined, apiVersion: undefined };
}

function expired(): Failure {
  return new Failure(410, EXPIRED, { metadata: { continue: writeToken(-1, 0) } });
}

function writeToken(version: number, start: number): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: version, start: `${start}` })).toString(
    'base64url',
  );
}

function readToken(token: string | null): { version: number; start: number } | undefined {
  if (token === null || token === '') return undefined;
  try {
    const { rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString()) as {
      rv: number;
      start: string;
    };
    return { version: rv, start: Number(start) };
  } catch {
    throw new Failure(400, 'invalid continue token: continue key is not valid');
  }
}
