import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { CoreV1Api } from '@kubernetes/client-node';
import { createAgentPeer, mountBundle, preparePrograms } from '@rolegate/sandbox';
import type { AgentPeer, MountedBundle, PreparedPrograms, Program } from '@rolegate/sandbox';
import { createCniResultsDir } from '@rolegate/testing';
import type { CniResultsDir } from '@rolegate/testing';
import { createAgentDaemonSet } from './agent-daemonset.ts';
import type { AgentDaemonSet } from './agent-daemonset.ts';
import { parsedLine } from '../../processes/log-line.ts';
import type { LogLine } from '../../processes/log-line.ts';
import { createServerAccount } from '../server-account.ts';
import type { ClusterWorld } from '../world.ts';

const SERVERS = 3;
const AUTHORITY = 'rolegate-authority';

/** A Node object, its agent's Pod, and the agent process. */
export interface AgentNode {
  readonly name: string;
  readonly uid: string;
  readonly cni: CniResultsDir;
  readonly agent: { readonly host: string; readonly port: number };
  /** The agent's first Pod. */
  readonly pod: { readonly name: string; readonly uid: string };
  /** Restarts the agent with this token, as in a new Pod. */
  readonly restart: (token: string) => Promise<void>;
}

export interface IdentityWorld {
  readonly core: CoreV1Api;
  readonly kubeConfig: KubeConfig;
  readonly namespace: string;
  readonly daemonSet: AgentDaemonSet;
  readonly nodes: readonly [AgentNode, AgentNode, AgentNode];
  readonly bundle: MountedBundle;
  readonly servers: readonly Program[];
  readonly serverPorts: readonly number[];
  readonly serverLog: readonly LogLine[];
  readonly agentLog: readonly LogLine[];
  /** A peer of each server in turn, because servers limit calls and log lines per source. */
  readonly peer: () => AgentPeer;
  /** One for each server. */
  readonly peers: readonly AgentPeer[];
  readonly authorityCommand: PreparedPrograms['authorityCommand'];
  /** The Secret, decoded. */
  readonly secret: () => Promise<Readonly<Record<string, string>>>;
}

/** Three servers with their own authority, three nodes with an agent each, and a DaemonSet of agents. */
export async function startIdentityWorld(deps: ClusterWorld): Promise<IdentityWorld> {
  const { kubeConfig, objects, run, stack } = deps;
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const label = { 'rolegate.dev/test': run };
  const namespace = await objects.namespace('rolegate-system');
  const account = stack.use(await createServerAccount({ kubeConfig, core, namespace }));
  const daemonSet = await createAgentDaemonSet({ kubeConfig, core, namespace, label });
  const kubeconfig = join(deps.folder, 'server.kubeconfig');
  await writeFile(kubeconfig, account.kubeconfig, { mode: 0o600 });
  const read = async () => {
    const found = await core.readNamespacedConfigMap({ namespace, name: AUTHORITY });
    return found.data?.['ca.crt'];
  };
  const bundle = stack.use(await mountBundle({ folder: join(deps.folder, 'bundle'), read }));

  const [serverLog, agentLog]: [LogLine[], LogLine[]] = [[], []];
  const onAgentLine = (line: string) => {
    deps.onAgentLine(line);
    agentLog.push(parsedLine(line));
  };
  const onServerLine = (line: string, index: number) => {
    deps.onServerLine(line, index);
    serverLog.push(parsedLine(line));
  };
  const start = (program: Program): Program => {
    stack.defer(program.stop);
    return program;
  };
  const prepare = (more: { serverCount: number; node: string; cniDirectory: string; tokenFile: string }) =>
    preparePrograms({
      ...deps,
      ...more,
      kubeconfig,
      onServerLine,
      onAgentLine,
      authority: { namespace, caFile: bundle.path, tokenFile: more.tokenFile },
    });

  const servers = await prepare({ serverCount: SERVERS, node: 'none', cniDirectory: '', tokenFile: '' });
  const running = servers.serverPorts.map((_, index) => start(servers.startServer(index)));
  await Promise.all(running.map((server) => server.ready()));

  async function addNode(name: string): Promise<AgentNode> {
    const { name: full, uid } = await objects.readyNode(name, label);
    const cni = stack.use(await createCniResultsDir());
    const folder = join(deps.folder, name);
    await mkdir(folder);
    const tokenFile = join(folder, 'token');
    const pod = await daemonSet.podOn(full);
    const programs = await prepare({ serverCount: 0, node: full, cniDirectory: cni.path, tokenFile });
    let agent: Program | undefined;
    const restart = async (token: string) => {
      await agent?.stop();
      await writeFile(tokenFile, token, { mode: 0o600 });
      agent = start(
        programs.startAgent({
          serverPorts: servers.serverPorts,
          attestPorts: servers.attestPorts,
          name,
        }),
      );
      await agent.ready();
    };
    await restart(await daemonSet.token({ bound: { kind: 'Pod', ...pod } }));
    return { name: full, uid, cni, agent: programs.metadata, pod, restart };
  }

  const peers = servers.serverPorts.map((port, index) =>
    createAgentPeer({ port, attestPort: servers.attestPorts[index] ?? 0, ca: bundle.pem }),
  );
  let turn = 0;
  return {
    core,
    kubeConfig,
    namespace,
    daemonSet,
    bundle,
    serverLog,
    agentLog,
    peers,
    nodes: await Promise.all([addNode('identity-a'), addNode('identity-b'), addNode('identity-c')]),
    servers: running,
    serverPorts: servers.serverPorts,
    peer() {
      const peer = peers[turn++ % peers.length];
      if (peer === undefined) throw new Error('there is no server');
      return peer;
    },
    authorityCommand: servers.authorityCommand,
    async secret() {
      const { data = {} } = await core.readNamespacedSecret({ namespace, name: AUTHORITY });
      return Object.fromEntries(
        Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
      );
    },
  };
}
