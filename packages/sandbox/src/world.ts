import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostPort } from '@rolegate/runtime';
import {
  createCniResultsDir,
  startFeedProxy,
  startImds,
  startKubernetesApi,
  startSts,
} from '@rolegate/testing';
import type { CniResultsDir, FakeSts, FeedProxy, KubernetesApi } from '@rolegate/testing';
import type { Manifest } from './manifests.ts';
import { isServed, manifestKey } from './manifests.ts';
import { kubeconfigOf, writePlugin } from './plugin.ts';
import type { Program } from './program.ts';
import { applyProgramPods, execInPrograms, logLine } from './program-pods.ts';
import type { SandboxNode } from './sandbox-node.ts';
import { createSandboxNode, NODE_NAME } from './sandbox-node.ts';
import type { AgentStart, PreparedPrograms } from './start-programs.ts';
import { preparePrograms } from './start-programs.ts';

const SERVERS = 2;

export interface WorldOptions {
  /** Called with each log line of the agent. */
  readonly onAgentLine: (line: string) => void;
  /** Called with each log line of a server. */
  readonly onServerLine?: (line: string) => void;
  readonly serverCount?: number;
  /** True: the agent reaches each server through a proxy that can be made to fail. */
  readonly proxied?: boolean;
  /** False: the agent gets a CNI directory that does not exist. */
  readonly cniResults?: boolean;
  /** False: starts neither servers nor agent. */
  readonly started?: boolean;
  /** True: servers have no role base ARN and detect it through STS. */
  readonly detectsBaseArn?: boolean;
  /** True: the agent serves container credentials, and Pods have ServiceAccount tokens. */
  readonly containerCredentials?: boolean;
  /** True: the programs are Pods of the cluster, with logs and status commands, and kubectl-rolegate finds them. */
  readonly programPods?: boolean;
}

export interface World extends AsyncDisposable, Pick<PreparedPrograms, 'ca' | 'serverPorts'> {
  /** The programs' files. */
  readonly folder: string;
  readonly api: KubernetesApi;
  readonly sts: FakeSts;
  readonly cni: CniResultsDir;
  readonly node: SandboxNode;
  readonly agent: { readonly host: string; readonly port: number };
  /** Where the agent serves container credentials, if it does. */
  readonly containerCredentials: HostPort;
  /** The latest process of each server. Empty items were not started. */
  readonly servers: readonly Program[];
  /** One in front of each server, if the world is `proxied`. */
  readonly proxies: readonly FeedProxy[];
  /** The objects set by `apply`. */
  readonly manifests: readonly Manifest[];
  /** Starts the server, or starts it again on the same port. */
  readonly startServer: (index: number) => Program;
  readonly startAgent: (start?: AgentStart) => Program;
  /** Makes the cluster contain exactly these objects. */
  readonly apply: (manifests: readonly Manifest[]) => Promise<void>;
}

/**
 * The whole system on loopback: stand-ins for the API server, STS and the node's IMDS, two real servers and a real
 * agent.
 */
export async function startWorld(options: WorldOptions): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const { programs, ...standIns } = await prepareWorld(options, stack);
  const { api, cni } = standIns;
  const proxies = await startProxies(options.proxied === true ? programs.serverPorts : [], stack);
  const node = createSandboxNode({
    api,
    cni,
    agent: programs.metadata,
    ...(options.containerCredentials === true && { tokenFolder: await makeTokenFolder(standIns) }),
  });
  stack.defer(() => node.close());

  const servers: Program[] = [];
  const running = (program: Program): Program => {
    all.defer(program.stop);
    return program;
  };
  let manifests: readonly Manifest[] = [];
  const all = stack.move();
  const world: World = {
    ...standIns,
    node,
    servers,
    proxies,
    ca: programs.ca,
    serverPorts: programs.serverPorts,
    agent: programs.metadata,
    containerCredentials: programs.containerCredentials,
    get manifests() {
      return manifests;
    },
    startServer: (index) => (servers[index] = running(programs.startServer(index))),
    startAgent: (start = {}) =>
      running(
        programs.startAgent({
          ...start,
          ...(proxies.length > 0 && { serverPorts: proxies.map(({ port }) => port) }),
        }),
      ),
    async apply(wanted) {
      const before = manifests;
      manifests = wanted;
      await applyChanges(api, node, before, wanted);
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
  if (options.started !== false) await startAll(world);
  return world;
}

async function startAll(world: World): Promise<void> {
  try {
    const servers = world.serverPorts.map((_, index) => world.startServer(index));
    await Promise.all([...servers, world.startAgent()].map((program) => program.ready()));
  } catch (error) {
    await world[Symbol.asyncDispose]();
    throw error;
  }
}

async function prepareWorld(options: WorldOptions, stack: AsyncDisposableStack) {
  const { serverCount = SERVERS, cniResults = true, detectsBaseArn = false } = options;
  const { containerCredentials = false, programPods = false } = options;
  const { onAgentLine, onServerLine = () => undefined } = options;
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-sandbox-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const api = await startKubernetesApi({ exec: execInPrograms(folder) });
  stack.defer(() => api.close());
  const sts = stack.use(await startSts({}));
  const imds = await startImds({});
  stack.defer(() => imds.close());
  const cni = stack.use(await createCniResultsDir());
  const kubeconfig = kubeconfigOf({ folder });
  await writeFile(kubeconfig, api.kubeconfig());
  if (programPods) {
    applyProgramPods(api, serverCount);
    await writePlugin({ folder });
  }
  const programs = await preparePrograms({
    folder,
    serverCount,
    kubeconfig,
    stsEndpoint: sts.url,
    imdsEndpoint: imds.url,
    cniDirectory: cniResults ? cni.path : join(folder, 'no-such-directory'),
    node: NODE_NAME,
    detectsBaseArn,
    containerCredentials,
    onAgentLine(line) {
      if (programPods) logLine(api, 'agent', line);
      onAgentLine(line);
    },
    onServerLine(line, index) {
      if (programPods) logLine(api, 'server', line, index);
      onServerLine(line);
    },
  });
  return { folder, api, sts, cni, programs };
}

/** For the Pods' ServiceAccount tokens. */
async function makeTokenFolder({ folder }: { readonly folder: string }): Promise<string> {
  const tokens = join(folder, 'tokens');
  await mkdir(tokens);
  return tokens;
}

async function startProxies(ports: readonly number[], stack: AsyncDisposableStack): Promise<FeedProxy[]> {
  const proxies = await Promise.all(ports.map((port) => startFeedProxy({ target: { port } })));
  for (const proxy of proxies) stack.defer(() => proxy.close());
  return proxies;
}

async function applyChanges(
  api: KubernetesApi,
  node: SandboxNode,
  before: readonly Manifest[],
  wanted: readonly Manifest[],
): Promise<void> {
  const there = new Map(before.map((manifest) => [manifestKey(manifest), JSON.stringify(manifest)]));
  const kept = new Set(wanted.map(manifestKey));
  for (const manifest of before) {
    const { kind, metadata } = manifest;
    if (kept.has(manifestKey(manifest))) continue;
    if (kind === 'Pod') await node.end(manifestKey(manifest));
    else if (isServed(kind)) api.delete(kind, metadata.namespace ?? '', metadata.name);
  }
  for (const manifest of wanted) {
    if (there.get(manifestKey(manifest)) === JSON.stringify(manifest)) continue;
    if (manifest.kind === 'Pod') await node.run(manifest);
    else if (isServed(manifest.kind)) api.apply({ ...manifest, kind: manifest.kind });
  }
}
