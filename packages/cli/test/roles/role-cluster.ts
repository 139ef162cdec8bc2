import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createConnection } from '../../src/cluster/connection.ts';
import type { ChangingConnection } from '../../src/cluster/connection.ts';
import type { ExecOutcome, PodProgram } from '../../src/cluster/exec.ts';

type Annotations = Record<string, string>;

/** An object of the stand-in. */
interface Thing {
  readonly annotations: Annotations;
  version: number;
  /** Distinguishes objects that have the same name one after the other. */
  born: string;
}

/** An API server with Rolegate's Pods, Namespaces and Pods of workloads, and programs that answer for agents and servers. */
export interface RoleCluster extends AsyncDisposable {
  readonly connection: ChangingConnection;
  readonly exec: (program: PodProgram, signal: AbortSignal) => Promise<ExecOutcome>;
  readonly namespaces: Map<string, Thing>;
  readonly pods: Map<string, Thing>;
  /** What agents and servers print, by Pod; called with the words after the program's name. */
  readonly programs: Map<string, (words: readonly string[]) => object | ExecOutcome>;
  /** `METHOD path?query` of each request. */
  readonly requests: readonly string[];
  /** Words of each program that was run. */
  readonly runs: readonly string[];
  /** Rights that are refused, e.g. `patch namespaces`. */
  readonly forbidden: Set<string>;
  /** Called before a change is applied, for races. */
  beforePatch: (path: string) => void;
  annotate(kind: 'namespaces' | 'pods', name: string, annotations: Annotations): void;
  /** Deletes it and makes another of its name. */
  recreate(kind: 'namespaces' | 'pods', name: string): void;
  /** What a Pod's object has beside its annotations. */
  podMore: { readonly metadata?: object; readonly spec?: object };
}

export interface RoleClusterOptions {
  readonly agents?: Readonly<Record<string, (words: readonly string[]) => object | ExecOutcome>>;
  readonly servers?: Readonly<Record<string, (words: readonly string[]) => object | ExecOutcome>>;
  readonly namespaces?: Readonly<Record<string, Annotations>>;
  /** By NAMESPACE/NAME. */
  readonly pods?: Readonly<Record<string, Annotations>>;
}

export async function startRoleCluster({
  agents = {},
  servers = {},
  namespaces = {},
  pods = {},
}: RoleClusterOptions): Promise<RoleCluster> {
  const things = (all: Readonly<Record<string, Annotations>>) =>
    new Map(
      Object.entries(all).map(([name, annotations]) => [
        name,
        { annotations: { ...annotations }, version: 1, born: '' },
      ]),
    );
  const state: State = {
    namespaces: things(namespaces),
    pods: things(pods),
    rolegate: [
      ...Object.keys(agents).map((node) => rolegatePod(`agent-${node}`, 'agent', node)),
      ...Object.keys(servers).map((name) => rolegatePod(name, 'server', 'node-s')),
    ],
    forbidden: new Set(),
    beforePatch: () => undefined,
    podMore: {},
  };
  const programs = new Map([
    ...Object.entries(agents).map(([node, answer]) => [`agent-${node}`, answer] as const),
    ...Object.entries(servers),
  ]);
  const requests: string[] = [];
  const runs: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    void answer(request, response, state);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const connection = createConnection({
    getCurrentCluster: () => ({ name: 'stand-in', server: url, skipTLSVerify: true }),
    applyToHTTPSOptions: () => Promise.resolve(),
  });
  return Object.assign(state, {
    connection,
    programs,
    requests,
    runs,
    exec({ pod, command }: PodProgram): Promise<ExecOutcome> {
      const words = command.slice(1);
      runs.push(`${pod}: ${words.join(' ')}`);
      if (state.forbidden.has('create pods/exec')) return Promise.resolve({ kind: 'forbidden' });
      const said = programs.get(pod)?.(words) ?? { kind: 'failed', fault: 'it is gone' };
      if ('kind' in said) return Promise.resolve(said as ExecOutcome);
      return Promise.resolve({ kind: 'exited', code: 0, stdout: JSON.stringify(said), stderr: '' });
    },
    annotate(kind: 'namespaces' | 'pods', name: string, annotations: Annotations) {
      const { version = 0, born = '' } = state[kind].get(name) ?? {};
      state[kind].set(name, { annotations: { ...annotations }, version: version + 1, born });
    },
    recreate(kind: 'namespaces' | 'pods', name: string) {
      const { version = 0, annotations = {} } = state[kind].get(name) ?? {};
      state[kind].set(name, { annotations: { ...annotations }, version: version + 1, born: '-again' });
    },
    async [Symbol.asyncDispose]() {
      connection.close();
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    },
  });
}

interface State {
  readonly namespaces: Map<string, Thing>;
  readonly pods: Map<string, Thing>;
  readonly rolegate: readonly object[];
  readonly forbidden: Set<string>;
  beforePatch: (path: string) => void;
  podMore: { readonly metadata?: object; readonly spec?: object };
}

async function answer(request: IncomingMessage, response: ServerResponse, state: State): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://stand-in');
  const patching = request.method === 'PATCH';
  const [, namespace, pod] = /^\/api\/v1\/namespaces\/([^/]+)(?:\/pods\/([^/]+))?$/.exec(pathname) ?? [];
  const kind = pathname.includes('/pods') ? 'pods' : 'namespaces';
  const verb = patching ? 'patch' : namespace === undefined ? 'list' : 'get';
  const body = await bodyOf(request);
  if (state.forbidden.has(`${verb} ${kind}`)) {
    status(response, 403, `${kind} is forbidden: cannot ${verb}`);
    return;
  }
  if (namespace === undefined) {
    const items =
      kind === 'pods' ? state.rolegate : [...state.namespaces].map(([name, thing]) => objectOf(name, thing));
    response.end(JSON.stringify({ metadata: { resourceVersion: '7' }, items }));
    return;
  }
  if (patching) state.beforePatch(pathname);
  const name = pod === undefined ? namespace : `${namespace}/${pod}`;
  const thing = state[kind].get(name);
  if (thing === undefined) status(response, 404, `${kind} "${name}" not found`);
  else if (!patching)
    response.end(JSON.stringify(objectOf(name, thing, pod === undefined ? {} : state.podMore)));
  else patch(thing, JSON.parse(body) as Patch, response);
}

interface Patch {
  readonly metadata: {
    readonly resourceVersion?: string;
    readonly annotations: Record<string, string | null>;
  };
}

/** RFC 7396, with the API server's precondition. */
function patch(thing: Thing, { metadata }: Patch, response: ServerResponse): void {
  const { resourceVersion = String(thing.version), annotations } = metadata;
  if (resourceVersion !== String(thing.version)) {
    status(response, 409, 'the object has been modified; please apply your changes to the latest version');
    return;
  }
  for (const [key, value] of Object.entries(annotations)) {
    if (value === null) Reflect.deleteProperty(thing.annotations, key);
    else thing.annotations[key] = value;
  }
  thing.version += 1;
  response.end(JSON.stringify({ metadata: { annotations: thing.annotations } }));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
  return body;
}

function objectOf(name: string, { annotations, version, born }: Thing, more: State['podMore'] = {}): object {
  const [namespace, pod] = name.split('/');
  const names = pod === undefined ? { name } : { namespace, name: pod };
  return {
    ...more,
    metadata: {
      ...more.metadata,
      ...names,
      uid: `uid-${name}${born}`,
      resourceVersion: String(version),
      annotations,
    },
  };
}

function rolegatePod(name: string, component: 'agent' | 'server', node: string): object {
  return {
    metadata: {
      name,
      namespace: 'rolegate',
      uid: `uid-${name}`,
      labels: { 'app.kubernetes.io/part-of': 'rolegate', 'app.kubernetes.io/component': component },
    },
    spec: { nodeName: node, containers: [{ name: component }] },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

function status(response: ServerResponse, code: number, message: string): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ kind: 'Status', status: 'Failure', message, code }));
}
