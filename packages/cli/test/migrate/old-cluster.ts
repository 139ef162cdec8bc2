import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubeConfig } from '@kubernetes/client-node';
import { createConnection } from '../../src/cluster/connection.ts';
import type { Connection } from '../../src/cluster/connection.ts';
import { recordedOutput } from '../recorded-output.ts';
import type { RecordedOutput } from '../recorded-output.ts';

/** Lists of objects, or texts, by their path, e.g. `/api/v1/pods`. Made when they are asked for, so that a large cluster takes no memory. */
export type Lists = Readonly<
  Record<
    string,
    { readonly length: number; readonly at: (index: number) => object | undefined; readonly text?: string }
  >
>;

export interface OldCluster extends AsyncDisposable {
  readonly url: string;
  readonly kubeConfig: Pick<KubeConfig, 'getCurrentCluster' | 'applyToHTTPSOptions'>;
  /** Paths that are refused. */
  readonly forbidden: Set<string>;
}

/** An API server that answers lists page by page, and Secrets. What it does not know is an empty list. */
export async function startOldCluster(lists: Lists): Promise<OldCluster> {
  const forbidden = new Set<string>();
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://old');
    response.setHeader('content-type', 'application/json');
    if (forbidden.has(pathname)) {
      response.writeHead(403).end(JSON.stringify({ kind: 'Status', code: 403, message: 'forbidden' }));
      return;
    }
    const all: Lists[string] = lists[pathname] ?? [];
    if (all.text !== undefined) {
      response.end(all.text);
      return;
    }
    const from = Number(searchParams.get('continue') ?? 0);
    const to = Math.min(from + Number(searchParams.get('limit') ?? all.length), all.length);
    const items = Array.from({ length: to - from }, (_, index) => all.at(from + index));
    const more = to < all.length ? { continue: String(to), remainingItemCount: all.length - to } : {};
    response.end(JSON.stringify({ metadata: { resourceVersion: '7', ...more }, items }));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    forbidden,
    kubeConfig: {
      getCurrentCluster: () => ({ name: 'old', server: url, skipTLSVerify: true }),
      applyToHTTPSOptions: () => Promise.resolve(),
    },
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    },
  };
}

export interface Command {
  readonly connection: Connection;
  readonly output: RecordedOutput;
  readonly signal: AbortSignal;
}

/** Runs a command against such an API server. `prepare` changes the server before. */
export async function runOn<Code>(
  lists: Lists,
  prepare: (cluster: OldCluster) => void,
  command: (given: Command) => Promise<Code>,
): Promise<{ readonly code: Code; readonly text: string; readonly notes: readonly string[] }> {
  await using cluster = await startOldCluster(lists);
  prepare(cluster);
  const connection = createConnection(cluster.kubeConfig);
  const output = recordedOutput();
  const code = await command({ connection, output, signal: new AbortController().signal });
  connection.close();
  return { code, text: output.printed(), notes: output.notes };
}
