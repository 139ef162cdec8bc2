import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubeConfig } from '@kubernetes/client-node';

/** A Pod and the logs of its containers. Each line begins with the kubelet's time. */
export interface StandInPod {
  readonly name: string;
  readonly node: string;
  readonly component: 'agent' | 'server';
  readonly namespace?: string;
  readonly logs: Readonly<Record<string, readonly string[]>>;
}

/** The parts of the API server that the plugin uses and the fake of packages/testing has not: labels and pods/log. */
export interface StandInCluster extends AsyncDisposable {
  readonly kubeConfig: Pick<KubeConfig, 'getCurrentCluster' | 'applyToHTTPSOptions'>;
  readonly url: string;
  /** Requests as `path?query`. */
  readonly requests: readonly string[];
  /** Rights that are refused, e.g. `list pods` or `list pods in rolegate`. */
  readonly forbidden: Set<string>;
  add(pod: StandInPod): void;
  remove(name: string): void;
  /** Adds a line to a log; whoever follows it gets it. */
  write(pod: string, container: string, line: string): void;
  /** Ends the open streams of a log, as the kubelet does now and then. */
  endStreams(pod: string): void;
}

/** `tls`: a certificate for 127.0.0.1 and its key. */
export async function startStandInCluster(
  pods: readonly StandInPod[] = [],
  tls?: { readonly cert: string; readonly key: string },
): Promise<StandInCluster> {
  const state = createState(pods);
  const requests: string[] = [];
  const listener: RequestListener = (request, response) => {
    requests.push(request.url ?? '');
    state.answer(request, response);
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...state,
    url,
    requests,
    kubeConfig: {
      getCurrentCluster: () => ({ name: 'stand-in', server: url, skipTLSVerify: true }),
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

function createState(initial: readonly StandInPod[]) {
  const pods = new Map(initial.map((pod) => [pod.name, copy(pod)]));
  const watches = new Set<ServerResponse>();
  const followers = new Map<string, Set<ServerResponse>>();
  const forbidden = new Set<string>();

  const tell = (type: string, pod: StandInPod): void => {
    for (const watch of watches) watch.write(`${JSON.stringify({ type, object: podObject(pod) })}\n`);
  };

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://stand-in');
    const [, namespace, name, sub] =
      /^\/api\/v1(?:\/namespaces\/([^/]+))?\/pods(?:\/([^/]+)(\/log)?)?$/.exec(pathname) ?? [];
    const isWatch = searchParams.get('watch') === 'true';
    const right = sub === undefined ? `${isWatch ? 'watch' : 'list'} pods` : 'get pods/log';
    if ([right, `${right} in ${namespace ?? 'all'}`].some((each) => forbidden.has(each)))
      sendStatus(response, 403, `pods is forbidden: cannot ${right}`);
    else if (name !== undefined) sendLog(name, searchParams, response);
    else if (isWatch) {
      watches.add(response.writeHead(200, { 'content-type': 'application/json' }));
      response.flushHeaders();
      response.on('close', () => watches.delete(response));
    } else {
      const items = [...pods.values()].filter(
        (pod) => namespace === undefined || namespaceOf(pod) === namespace,
      );
      response.end(JSON.stringify({ metadata: { resourceVersion: '7' }, items: items.map(podObject) }));
    }
  }

  function sendLog(name: string, query: URLSearchParams, response: ServerResponse): void {
    const container = query.get('container') ?? '';
    const log = pods.get(name)?.logs[container];
    if (log === undefined) {
      sendStatus(response, 404, `pods "${name}" not found`);
      return;
    }
    const since = query.get('sinceTime')?.slice(0, 19) ?? '';
    response.writeHead(200, { 'content-type': 'text/plain' });
    const lines = log.filter((line) => line.slice(0, 19) >= since);
    response.write(lines.map((line) => `${line}\n`).join(''));
    if (query.get('follow') !== 'true') {
      response.end();
      return;
    }
    response.flushHeaders();
    const key = `${name}/${container}`;
    followers.set(key, (followers.get(key) ?? new Set()).add(response));
  }

  return {
    answer,
    forbidden,
    add(pod: StandInPod) {
      pods.set(pod.name, copy(pod));
      tell('ADDED', pod);
    },
    remove(name: string) {
      const pod = pods.get(name);
      pods.delete(name);
      if (pod !== undefined) tell('DELETED', pod);
      endStreams(name);
    },
    write(pod: string, container: string, line: string) {
      (pods.get(pod)?.logs[container] as string[] | undefined)?.push(line);
      for (const response of followers.get(`${pod}/${container}`) ?? []) response.write(`${line}\n`);
    },
    endStreams,
  };

  function endStreams(pod: string): void {
    for (const [key, responses] of followers) {
      if (!key.startsWith(`${pod}/`)) continue;
      followers.delete(key);
      for (const response of responses) response.end();
    }
  }
}

function copy(pod: StandInPod): StandInPod {
  return {
    ...pod,
    logs: Object.fromEntries(Object.entries(pod.logs).map(([name, log]) => [name, [...log]])),
  };
}

function namespaceOf({ namespace }: StandInPod): string {
  return namespace ?? 'rolegate';
}

function podObject(pod: StandInPod): object {
  return {
    metadata: {
      name: pod.name,
      namespace: namespaceOf(pod),
      uid: `uid-${pod.name}`,
      labels: { 'app.kubernetes.io/part-of': 'rolegate', 'app.kubernetes.io/component': pod.component },
    },
    spec: {
      nodeName: pod.node,
      containers: [...Object.keys(pod.logs), 'mesh-proxy'].map((name) => ({ name })),
    },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

function sendStatus(response: ServerResponse, code: number, message: string): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ kind: 'Status', status: 'Failure', message, code }));
}
