import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ClusterError } from '../../src/cluster/cluster-error.ts';
import { createConnection } from '../../src/cluster/connection.ts';
import { explainClusterError } from '../../src/cluster/explain-error.ts';
import { listPages } from '../../src/cluster/pages.ts';

const right = { verb: 'list', resource: 'pods', namespace: 'shop' };
const { signal } = new AbortController();
const request = { path: '/api/v1/pods', right, signal };

async function setup(listener: RequestListener, credentials = () => Promise.resolve()) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/prefix/`;
  const connection = createConnection({
    getCurrentCluster: () => ({ name: 'x', server: url, skipTLSVerify: true }),
    applyToHTTPSOptions: credentials,
  });
  const close = () =>
    new Promise<void>((resolve) => {
      connection.close();
      server.closeAllConnections();
      server.close(() => {
        resolve();
      });
    });
  return { connection, close, [Symbol.asyncDispose]: close };
}

async function faultOf(task: Promise<unknown>): Promise<string> {
  const error = await task.catch((thrown: unknown) => thrown);
  return error instanceof ClusterError ? explainClusterError(error) : String(error);
}

describe('a request to the API server', () => {
  it.each([
    { status: 401, says: 'does not accept the credentials' },
    { status: 403, says: 'missing right: list pods in Namespace shop' },
    { status: 500, says: 'cannot list pods in Namespace shop: etcd is down' },
  ])('that ends with $status says what to do', async ({ status, says }) => {
    await using server = await setup((_request, response) => {
      response.writeHead(status).end('{"kind":"Status","message":"etcd is down"}');
    });
    expect(await faultOf(server.connection.json(request))).toContain(says);
  });

  it('that nobody answers says so', async () => {
    const server = await setup(() => undefined);
    await server.close();
    expect(await faultOf(server.connection.json(request))).toMatch(
      /^no answer from the API server: .*ECONNREFUSED/,
    );
  });

  it('that gets no credentials from the kubeconfig says so', async () => {
    await using server = await setup(
      () => undefined,
      () => Promise.reject(new Error('spawn aws ENOENT')),
    );
    expect(await faultOf(server.connection.json(request))).toContain(
      'no credentials from the kubeconfig: spawn aws ENOENT',
    );
  });

  it('keeps the path of the cluster, and reads a list page by page', async () => {
    const urls: string[] = [];
    await using server = await setup((incoming, response) => {
      urls.push(incoming.url ?? '');
      const isFirst = urls.length === 1;
      response.end(
        JSON.stringify({
          metadata: isFirst ? { continue: 'c1', remainingItemCount: 1 } : {},
          items: [urls.length],
        }),
      );
    });
    const items: unknown[] = [];
    for await (const page of listPages(server.connection, request)) items.push(...page.items);
    expect(items).toEqual([1, 2]);
    expect(urls).toEqual(['/prefix/api/v1/pods?limit=500', '/prefix/api/v1/pods?limit=500&continue=c1']);
  });

  it('lists again if the continue token has expired', async () => {
    const urls: string[] = [];
    await using server = await setup((incoming, response) => {
      urls.push(incoming.url ?? '');
      if (urls.length === 2) response.writeHead(410).end('{"message":"expired"}');
      else
        response.end(
          JSON.stringify({ metadata: urls.length === 1 ? { continue: 'c1' } : {}, items: [urls.length] }),
        );
    });
    const items: unknown[] = [];
    for await (const page of listPages(server.connection, request)) items.push(...page.items);
    expect(items).toEqual([1, 3]);
  });

  it('changes an object by a merge patch, and says if it has changed meanwhile', async () => {
    const seen: string[] = [];
    await using server = await setup((incoming, response) => {
      let body = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      incoming.on('end', () => {
        seen.push([incoming.method, incoming.url, incoming.headers['content-type'], body].join(' '));
        if (seen.length === 1) response.end('{"kind":"Namespace"}');
        else response.writeHead(409).end('{"message":"the object has been modified"}');
      });
    });
    const path = '/api/v1/namespaces/shop';
    const patch = { path, signal, right: { verb: 'patch', resource: 'namespaces' }, body: { metadata: {} } };
    expect(await server.connection.patch(patch)).toEqual({ kind: 'Namespace' });
    expect(seen).toEqual([`PATCH /prefix${path} application/merge-patch+json {"metadata":{}}`]);
    await expect(server.connection.patch(patch)).rejects.toMatchObject({
      fault: 'conflict',
      message: 'the object has been modified',
    });
  });
});
