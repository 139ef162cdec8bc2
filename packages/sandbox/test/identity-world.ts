import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, startImds, startKubernetesApi, startSts, createCniResultsDir } from '@rolegate/testing';
import type { KubernetesApi } from '@rolegate/testing';
import { createImdsClient } from '../src/imds-client.ts';
import type { ImdsClient } from '../src/imds-client.ts';
import type { Program } from '../src/program.ts';
import { createAgentPeer } from '../src/agent-peer.ts';
import type { AgentPeer } from '../src/agent-peer.ts';
import { mountBundle } from '../src/mounted-bundle.ts';
import { createSandboxNode, NODE_NAME } from '../src/sandbox-node.ts';
import type { SandboxNode } from '../src/sandbox-node.ts';
import { preparePrograms } from '../src/start-programs.ts';
import type { PreparedPrograms, ProgramsOptions } from '../src/start-programs.ts';
import { namespace, PERMITTED, pod } from './setup.ts';
import type { LogLine } from './setup.ts';

export const SYSTEM = 'rolegate';
export const AUTHORITY = 'rolegate-authority';
const SERVERS = 3;
/** Servers check the Secret every 10 s. Milliseconds. */
const KNOWN = { withinMs: 25_000, everyMs: 50 };

export interface IdentityWorldOptions {
  /** Defaults to three. */
  readonly servers?: number;
  /**
   * User-provided certificates without a node, shared by all agents: `token` proves the node, or nothing does
   * (`--agent-identity shared`). Undefined: the servers have their own authority.
   */
  readonly certificates?: 'token' | 'shared';
  /** Called and awaited when all servers are ready, while the agent starts. */
  readonly onServing?: (programs: PreparedPrograms) => Promise<void>;
}

type Kept = 'authorityCommand' | 'ca' | 'serverPorts' | 'attestPorts' | 'opsPorts';

export interface IdentityWorld extends AsyncDisposable, Pick<PreparedPrograms, Kept> {
  readonly api: KubernetesApi;
  readonly node: SandboxNode;
  /** The CA bundle as mounted in agents. */
  readonly caFile: string;
  readonly serverLog: readonly LogLine[];
  readonly agentLog: readonly LogLine[];
  /** One per server. */
  readonly peers: readonly AgentPeer[];
  /** Sends requests as the Pod `namespace/name`. */
  readonly as: (name: string) => ImdsClient;
  /** Creates an agent Pod on the node, as the DaemonSet does. Returns its name with the Namespace. */
  readonly agentPod: (node: string) => string;
  /** Writes a new token for the agents, then starts a second one on the same node. */
  readonly startSecondAgent: () => Promise<Program>;
  /** Resolves when each server has logged this, from this line of the log on. */
  readonly allServersSay: (msg: string, from: number) => Promise<void>;
}

/** Stand-ins, three built servers with their own authority, and a built agent that attests. Its Pod is `steady/pod`. */
export async function startIdentityWorld({
  servers = SERVERS,
  certificates,
  onServing = () => Promise.resolve(),
}: IdentityWorldOptions = {}): Promise<IdentityWorld> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-identity-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const api = await startKubernetesApi({ namespaces: [namespace(SYSTEM)] });
  stack.defer(() => api.close());
  const sts = stack.use(await startSts({}));
  const imds = await startImds({});
  stack.defer(() => imds.close());
  const cni = stack.use(await createCniResultsDir());
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, api.kubeconfig());
  const bundle = stack.use(
    await mountBundle({
      folder: join(folder, 'bundle'),
      read: () => Promise.resolve(bundleOf(api)),
    }),
  );
  const agentPod = (node: string) => applyAgentPod(api, node);
  const tokenFile = join(folder, 'token');
  const writeToken = () => writeFile(tokenFile, api.issueToken({ pod: agentPod(NODE_NAME) }));
  await writeToken();

  const [serverLog, agentLog]: [LogLine[], LogLine[]] = [[], []];
  const programs = await preparePrograms({
    folder,
    kubeconfig,
    serverCount: servers,
    node: NODE_NAME,
    stsEndpoint: sts.url,
    imdsEndpoint: imds.url,
    cniDirectory: cni.path,
    ...identityOf(certificates, { caFile: bundle.path, tokenFile }),
    onAgentLine: (line) => agentLog.push(parseLine(line)),
    onServerLine: (line) => serverLog.push(parseLine(line)),
  });
  const node = createSandboxNode({ api, cni, agent: programs.metadata });
  stack.defer(() => node.close());
  api.apply({ ...namespace('steady', { [PERMITTED]: 'steady' }), kind: 'Namespace' });
  await node.run(pod('steady/pod', 'steady'));

  const running = programs.serverPorts.map((_, index) => programs.startServer(index));
  const serving = Promise.all(running.map((program) => program.ready())).then(() => onServing(programs));
  const agent = programs.startAgent();
  for (const program of [...running, agent]) stack.defer(program.stop);
  await Promise.all([serving, agent.ready()]);
  const kept = stack.move();
  return {
    ...programs,
    api,
    node,
    caFile: bundle.path,
    serverLog,
    agentLog,
    agentPod,
    async startSecondAgent() {
      await writeToken();
      const second = programs.startAgent({ second: true });
      kept.defer(second.stop);
      return second;
    },
    peers: programs.serverPorts.map((port, index) =>
      createAgentPeer({ port, attestPort: programs.attestPorts[index] ?? 0, ca: bundle.pem }),
    ),
    as(name) {
      const found = node.pod(`Pod ${name}`);
      if (found === undefined) throw new Error(`there is no Pod ${name}`);
      return createImdsClient({ ip: found.ip, agent: programs.metadata });
    },
    allServersSay: (msg, from) =>
      eventually(() => {
        const lines = serverLog.slice(from).filter((line) => line.msg === msg).length;
        if (lines < servers) throw new Error(`${lines} of ${servers} servers have said: ${msg}`);
      }, KNOWN),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function identityOf(
  certificates: IdentityWorldOptions['certificates'],
  files: { readonly caFile: string; readonly tokenFile: string },
): Pick<ProgramsOptions, 'authority' | 'nameless'> {
  if (certificates === undefined) return { authority: { namespace: SYSTEM, ...files } };
  const serverFlags = ['--namespace', SYSTEM];
  return certificates === 'token'
    ? { nameless: { tokenFile: files.tokenFile, serverFlags } }
    : { nameless: { tokenFile: undefined, serverFlags: [...serverFlags, '--agent-identity', 'shared'] } };
}

function applyAgentPod(api: KubernetesApi, node: string): string {
  const name = `rolegate-agent-${node}`;
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    name: 'rolegate-agent',
    uid: 'ds',
    controller: true,
  };
  api.apply({
    kind: 'Pod',
    metadata: { namespace: SYSTEM, name, ownerReferences: [owner] },
    spec: { nodeName: node, serviceAccountName: 'rolegate-agent', hostNetwork: true },
    status: { phase: 'Running' },
  });
  return `${SYSTEM}/${name}`;
}

function bundleOf(api: KubernetesApi): string | undefined {
  const found = api.get('ConfigMap', SYSTEM, AUTHORITY) as { data?: Record<string, string> } | undefined;
  return found?.data?.['ca.crt'];
}

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { msg: line };
  }
}
