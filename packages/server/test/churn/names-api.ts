import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Namespaces that are created and deleted together. */
const TOGETHER = 500;

interface Made {
  readonly path: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** An API server that creates and deletes objects without storing them, so that only its client can grow. */
export async function startNamesApi() {
  const watches = new Map<string, ServerResponse>();
  let version = 100;

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://kubernetes');
    request.resume();
    if (searchParams.get('watch') !== 'true') {
      response.writeHead(request.method === 'POST' ? 201 : 404).end('{}');
      return;
    }
    if (searchParams.has('sendInitialEvents')) response.write(line('BOOKMARK', endOfList()));
    else response.flushHeaders();
    watches.set(pathname, response);
  });

  function endOfList() {
    const annotations = { 'k8s.io/initial-events-end': 'true' };
    return { metadata: { resourceVersion: String(version), annotations } };
  }

  function line(type: string, object: object): string {
    return `${JSON.stringify({ type, object })}\n`;
  }

  /** Those of a kind in one piece. */
  async function tell(type: string, made: readonly Made[]): Promise<void> {
    for (const [path, watch] of watches) {
      const lines = made
        .filter((one) => one.path === path)
        .map(({ metadata, spec }) => {
          version += 1;
          return line(type, { metadata: { ...metadata, resourceVersion: String(version) }, spec });
        });
      if (!watch.write(lines.join('')) && !watch.destroyed) await once(watch, 'drain');
    }
  }

  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    isWatched: () => watches.size === 4,
    /** Creates this many Namespaces with their objects, and deletes them once the server has seen them. */
    async comeAndGo(count: number, from: number, seen: () => Promise<unknown>): Promise<void> {
      for (let first = from; first < from + count; first += TOGETHER) {
        const made = Array.from({ length: TOGETHER }, (_, at) => objectsOf(first + at)).flat();
        await tell('ADDED', made);
        await seen();
        await tell('DELETED', made.toReversed());
      }
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** A Namespace, its ServiceAccount and three Pods, and now and then a node. */
function objectsOf(at: number): readonly Made[] {
  // In every hundredth Namespace Pods may have a role, of which STS does not know each; in the others they are refused.
  const permits = at % 100 === 0 ? { 'iam.amazonaws.com/permitted': 'role-.*' } : {};
  const node = { path: '/api/v1/nodes', metadata: { name: `node-${at}`, uid: `node-${at}` } };
  return [
    {
      path: '/api/v1/namespaces',
      metadata: { name: `space-${at}`, uid: `space-${at}`, annotations: permits },
    },
    {
      path: '/api/v1/serviceaccounts',
      metadata: { name: `account-${at}`, namespace: `space-${at}`, uid: `account-${at}` },
    },
    podOf(at, 0),
    podOf(at, 1),
    podOf(at, 2),
    ...(at % 50 === 0 ? [node] : []),
  ];
}

function podOf(at: number, which: number): Made {
  const name = `pod-${at}-${which}`;
  const role = { 'iam.amazonaws.com/role': at % 200 === 0 ? 'role-unknown' : `role-${at}` };
  const owner = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: `set-${at}`, controller: true };
  return {
    path: '/api/v1/pods',
    metadata: {
      name,
      namespace: `space-${at}`,
      uid: name,
      annotations: role,
      ...(at % 30 === 1 && { ownerReferences: [owner] }),
    },
    spec: {
      // Some are on the node whose agent is connected; the nodes of the others do not exist.
      nodeName: at % 50 === 0 && which === 0 ? 'node-a' : `made-up-${name}`,
      serviceAccountName: `account-${at}`,
    },
  };
}
