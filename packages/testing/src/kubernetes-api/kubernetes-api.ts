import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createDatabase } from './database.ts';
import type { Database, StoredEvent } from './database.ts';
import type { PostedEvent } from './events.ts';
import { createGate } from './http.ts';
import type { Gate } from './http.ts';
import { createIssuer } from './issuer.ts';
import type { Issuer } from './issuer.ts';
import { createLists } from './lists.ts';
import { kubernetesKinds, readManifests } from './object.ts';
import type { KubernetesKind, KubernetesObject, StoredObject } from './object.ts';
import { createPodExec } from './pod-exec.ts';
import type { ExecHandler } from './pod-exec.ts';
import { createPodLogs } from './pod-logs.ts';
import type { PodLogs } from './pod-logs.ts';
import { createRoutes } from './routes.ts';
import type { RequestCounts } from './routes.ts';
import { createTokenReviews } from './token-reviews.ts';
import type { TokenReviews } from './token-reviews.ts';
import { createWatches } from './watches.ts';
import type { Watches } from './watches.ts';

export type { PostedEvent } from './events.ts';
export type { ExecHandler, PodProgram, ProgramResult } from './pod-exec.ts';
export type { ContainerPlace } from './pod-logs.ts';
export type { Issuer } from './issuer.ts';
export type { TestToken } from './token-reviews.ts';
export type { KubernetesKind, KubernetesObject, StoredObject } from './object.ts';

/** As often as the real one. Milliseconds. */
const BOOKMARK_EVERY_MS = 60_000;

export interface KubernetesApiOptions {
  readonly pods?: readonly KubernetesManifest[];
  readonly namespaces?: readonly KubernetesManifest[];
  readonly serviceAccounts?: readonly KubernetesManifest[];
  /** Defaults to a free one. */
  readonly port?: number;
  /** False: no controller creates the ServiceAccount `default` of each Namespace. */
  readonly controllers?: boolean;
  /** Runs programs in Pods. By default there are none. */
  readonly exec?: ExecHandler | undefined;
  /** A certificate for 127.0.0.1 and its key. Undefined: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Called with the path and query of each request, WebSockets included. */
  readonly onRequest?: (url: string) => void;
}

/** An object whose kind is known from its place. */
export type KubernetesManifest = Pick<KubernetesObject, 'metadata'> & Readonly<Record<string, unknown>>;

/** A fake kube-apiserver 1.34 on loopback, which can be made to fail. */
export interface KubernetesApi
  extends
    Pick<Database, 'apply' | 'patch' | 'delete' | 'get' | 'list' | 'bump' | 'backup'>,
    Pick<Gate, 'refuse'> {
  readonly url: string;
  readonly port: number;
  /** The keys of ServiceAccount tokens, as published. */
  readonly issuer: Issuer;
  /** Issues a signed token that TokenReview accepts. */
  readonly issueToken: TokenReviews['issue'];
  /** Number of TokenReviews. */
  readonly tokenReviews: number;
  /** Posted Events. */
  readonly events: readonly PostedEvent[];
  readonly requests: Readonly<Record<KubernetesKind, Readonly<RequestCounts>>>;
  /** Number of open watches. */
  readonly watches: number;
  /** Appends a line to the log of a container. */
  readonly writeLog: PodLogs['write'];
  /** Ends the open log streams of a Pod, as happens now and then. */
  readonly endLogs: PodLogs['end'];
  /** Reads that are refused, e.g. `list pods`, `list pods in all` or `create pods/exec in team-a`. */
  readonly forbidden: Set<string>;
  /** False: behaves as without the feature gate WatchList. */
  offerStreamingList: boolean;
  /** Applies all objects of the text. */
  loadManifests(yaml: string): StoredObject[];
  /** A kubeconfig for this server. */
  kubeconfig(): string;
  /** Compacts the history: earlier watches get 410, and so does the next page of an earlier list. */
  compact(): void;
  /** Expires only the continue tokens issued so far. */
  expireContinue(): void;
  /** Expires the continue token that is used next. */
  expireNextContinue(): void;
  /** Sends a bookmark to the watches of the kind, or to all. */
  bookmark(kind?: KubernetesKind): void;
  /** Sends a raw line to all watches of the kind. */
  sendRaw(kind: KubernetesKind, line: string): void;
  /** Streaming lists of the kind never end from now on. Undefined ends that. */
  readonly endlessLists: Watches['setEndless'];
  /** Accepts connections and requests without answering, including open watches, until resume. */
  hang(): void;
  resume(): void;
  /** Breaks the connections of all watches, or ends them properly. */
  dropWatches(how?: 'cut' | 'end'): void;
  close(): Promise<void>;
}

export async function startKubernetesApi(options: KubernetesApiOptions = {}): Promise<KubernetesApi> {
  const parts = createParts(options);
  const { watches, tokenReviews, events, issuer, requests, offer } = parts;
  const { tls, exec, onRequest = () => undefined } = options;
  const routes = createRoutes(parts);
  const server = tls === undefined ? createServer(routes) : createTlsServer(tls, routes);
  const podExec = createPodExec({ ...parts, handler: exec ?? noPrograms });
  server.on('upgrade', (...upgrade) => {
    podExec.upgrade(...upgrade);
  });
  for (const event of ['request', 'upgrade'])
    server.prependListener(event, ({ url = '' }: IncomingMessage) => {
      onRequest(url);
    });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  const controls = controlsOf(parts);
  const bookmarks = setInterval(controls.bookmark, BOOKMARK_EVERY_MS).unref();

  return {
    ...controls,
    url,
    port,
    events,
    issuer: issuer.issuer,
    requests,
    kubeconfig: () => kubeconfig(url),
    get tokenReviews() {
      return tokenReviews.count;
    },
    get watches() {
      return watches.size;
    },
    get offerStreamingList() {
      return offer.streamingList;
    },
    set offerStreamingList(offered) {
      offer.streamingList = offered;
    },
    async close() {
      clearInterval(bookmarks);
      podExec.close();
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    },
  };
}

/** The server without its socket, with its initial objects. */
function createParts(options: KubernetesApiOptions) {
  const { controllers = true, namespaces = [], serviceAccounts = [], pods = [] } = options;
  const offer = { streamingList: true };
  const database: Database = createDatabase({ onEvent });
  const issuer = createIssuer();
  const podLogs = createPodLogs();
  const watches = createWatches({ database, streaming: () => offer.streamingList });

  function onEvent(event: StoredEvent): void {
    watches.tell(event);
    const { kind, metadata } = event.object;
    if (kind === 'Pod' && event.type === 'DELETED') podLogs.forget(metadata.namespace ?? '', metadata.name);
    if (!controllers || kind !== 'Namespace' || event.type !== 'ADDED') return;
    database.apply({ kind: 'ServiceAccount', metadata: { name: 'default', namespace: metadata.name } });
  }

  for (const object of namespaces) database.apply({ ...object, kind: 'Namespace' });
  for (const object of serviceAccounts) database.apply({ ...object, kind: 'ServiceAccount' });
  for (const object of pods) database.apply({ ...object, kind: 'Pod' });

  return {
    database,
    watches,
    podLogs,
    forbidden: new Set<string>(),
    offer,
    lists: createLists({ database }),
    gate: createGate(),
    issuer,
    tokenReviews: createTokenReviews({ database, ...issuer }),
    events: [] as PostedEvent[],
    requests: noRequests(),
  };
}

/** What a test can do to the server. */
function controlsOf({
  database,
  lists,
  watches,
  gate,
  tokenReviews,
  podLogs,
  forbidden,
}: ReturnType<typeof createParts>) {
  const { apply, patch, get, list, bump, backup } = database;
  return {
    apply,
    patch,
    get,
    list,
    bump,
    backup,
    delete: database.delete,
    refuse: gate.refuse,
    issueToken: tokenReviews.issue,
    writeLog: podLogs.write,
    endLogs: podLogs.end,
    forbidden,
    sendRaw: watches.sendRaw,
    endlessLists: watches.setEndless,
    expireContinue: lists.expire,
    expireNextContinue: lists.expireNext,
    loadManifests: (yaml: string) => readManifests(yaml).map((object) => apply(object)),
    bookmark: (kind?: KubernetesKind) => {
      for (const each of kind === undefined ? kubernetesKinds : [kind]) watches.bookmark(each);
    },
    compact() {
      database.compact();
      lists.expire();
    },
    hang() {
      gate.hang();
      watches.setHung(true);
    },
    resume() {
      watches.setHung(false);
      gate.resume();
    },
    dropWatches(how: 'cut' | 'end' = 'cut') {
      watches.drop(how);
    },
  };
}

const noPrograms: ExecHandler = ({ command: [program = ''] }) =>
  Promise.resolve({ fault: `exec: "${program}": executable file not found in $PATH` });

function noRequests() {
  return Object.fromEntries(
    kubernetesKinds.map((kind) => [kind, { list: 0, version: 0, watch: 0, streaming: 0 }]),
  ) as Record<KubernetesKind, RequestCounts>;
}

/** Client libraries accept http:// only without TLS verification. */
function kubeconfig(url: string): string {
  return `apiVersion: v1
kind: Config
current-context: stand-in
clusters: [{ name: stand-in, cluster: { server: '${url}', insecure-skip-tls-verify: true } }]
users: [{ name: stand-in, user: { token: stand-in } }]
contexts: [{ name: stand-in, context: { cluster: stand-in, user: stand-in } }]
`;
}
