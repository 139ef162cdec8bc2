import { randomUUID } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SERVER_NAME, startProgram } from '@rolegate/sandbox';
import type { Program } from '@rolegate/sandbox';
import { createCniResultsDir, outputOf, PLAIN_ENV, startProcess } from '@rolegate/testing';
import type { CniResultsDir } from '@rolegate/testing';
import type { ChaosWorld } from '../../chaos/world.ts';
import { unprivileged } from '../../netns/node-programs.ts';
import { AGENT_USER } from '../../netns/program-flags.ts';
import { NODE, PORTS } from '../../network/addresses.ts';
import { connectPorts } from '../../network/connected-ports.ts';
import type { Namespaces } from '../../network/namespaces.ts';
import { openNetwork } from '../../network/node-network.ts';
import { attachPod, podAddresses } from '../../network/pod-links.ts';
import type { PodLink } from '../../network/pod-links.ts';

const NODE_NAME = 'intercepted-node';
const AGENT = fileURLToPath(import.meta.resolve('@rolegate/agent/main'));
/** Flags of all commands that know the rules. */
const RULES = ['--host-ip', `${NODE.ipv4},${NODE.ipv6}`, '--port', String(PORTS.agent)];

/** A second node of the world, in a network namespace with real Pods and the real rules. */
export interface InterceptedNode {
  /** The command that enters the node's network namespace. */
  readonly enter: readonly string[];
  /** A port of 127.0.0.1 with the agent's /metrics. */
  readonly opsPort: number;
  readonly stopReconcile: () => Promise<void>;
  readonly startReconcile: () => void;
  /** Runs a shell script in the Pod's network namespace until the world ends. */
  readonly runPod: (pod: NodePod, script: string) => Promise<void>;
}

export interface NodePod {
  readonly link: PodLink;
  readonly namespace: string;
  readonly role: string;
}

/** Starts `reconcile` and an agent that attests at the world's servers. Needs root; closed with the stack. */
export async function openInterceptedNode(
  world: ChaosWorld,
  stack: AsyncDisposableStack,
): Promise<InterceptedNode> {
  const folder = join(world.folder, 'node');
  for (const path of [folder, join(folder, 'listeners')]) await mkdir(path);
  const namespaces = await openNetwork({ name: `rgm${process.pid}` }, stack);
  const enter = namespaces.enter('node');
  const cni = stack.use(await createCniResultsDir());
  const servers = {
    feeds: world.ports.feeds.map(({ port }) => port),
    attestations: world.programs.attestPorts,
  };
  const outside = [...servers.feeds, ...servers.attestations];
  const opsPort = await connectPorts({ folder, enter, outside, inside: PORTS.agentOps }, stack);
  await outputOf([...enter, process.execPath, AGENT, 'intercept', ...RULES]);

  const programs = { folder, enter, cniDirectory: cni.path };
  let reconcile = startReconcile(programs);
  stack.defer(() => reconcile.stop());
  const agent = await startAgent({ ...programs, world, servers, opsPort });
  stack.defer(() => agent.stop());
  await agent.ready();
  return {
    enter,
    opsPort,
    stopReconcile: () => reconcile.stop(),
    startReconcile() {
      reconcile = startReconcile(programs);
    },
    async runPod(pod, script) {
      await schedule(pod, { world, cni, namespaces });
      const command = [...namespaces.enter(pod.link.name), 'sh', '-c', script];
      const shell = startProcess(command, { env: PLAIN_ENV, output: 'ignore' });
      stack.defer(() => shell.kill());
    },
  };
}

interface NodePrograms {
  readonly folder: string;
  readonly enter: readonly string[];
  readonly cniDirectory: string;
}

const cniSocket = (folder: string) => join(folder, 'cni.sock');

function startReconcile({ folder, enter, cniDirectory }: NodePrograms): Program {
  return startProgram({
    name: 'agent',
    through: enter,
    env: PLAIN_ENV,
    isReady: () => Promise.resolve(true),
    onLine: () => undefined,
    args: [
      'reconcile',
      ...RULES,
      '--cni-socket',
      cniSocket(folder),
      '--listeners-dir',
      join(folder, 'listeners'),
      '--cni-cache-dir',
      cniDirectory,
    ],
  });
}

interface AgentOptions extends NodePrograms {
  readonly world: ChaosWorld;
  readonly servers: { readonly feeds: readonly number[]; readonly attestations: readonly number[] };
  readonly opsPort: number;
}

async function startAgent({ world, folder, enter, servers, opsPort }: AgentOptions): Promise<Program> {
  const volumes = await world.authority?.agentOn(NODE_NAME);
  if (volumes === undefined) throw new Error('the servers of this world have no authority');
  const run = join(folder, 'run');
  await mkdir(run);
  await chmod(run, 0o777);
  return startProgram({
    name: 'agent',
    through: [...enter, ...unprivileged(AGENT_USER)],
    env: PLAIN_ENV,
    opsPort,
    onLine: () => undefined,
    args: [
      '--node-name',
      NODE_NAME,
      ...RULES,
      '--cni-socket',
      cniSocket(folder),
      '--status-socket',
      join(run, 'agent.sock'),
      '--prometheus-listen-addr',
      `127.0.0.1:${PORTS.agentOps}`,
      '--probe-bind',
      `127.0.0.1:${PORTS.agentProbes}`,
      '--server-name',
      SERVER_NAME,
      ...servers.feeds.flatMap((port) => ['--server-address', `127.0.0.1:${port}`]),
      ...servers.attestations.flatMap((port) => ['--attest-address', `127.0.0.1:${port}`]),
      '--ca',
      volumes.caFile,
      '--token-file',
      volumes.tokenFile,
    ],
  });
}

interface ScheduleDeps {
  readonly world: Pick<ChaosWorld, 'api'>;
  readonly cni: CniResultsDir;
  readonly namespaces: Namespaces;
}

/** Acts as scheduler, kubelet and container runtime. */
async function schedule(
  { link, namespace, role }: NodePod,
  { world, cni, namespaces }: ScheduleDeps,
): Promise<void> {
  await attachPod(namespaces, link);
  const uid = randomUUID();
  const { ipv4, ipv6 } = podAddresses(link);
  await cni.add({ uid, namespace, name: link.name, ips: [ipv4, ipv6] });
  world.api.apply({
    kind: 'Pod',
    metadata: { namespace, name: link.name, uid, annotations: { 'iam.amazonaws.com/role': role } },
    spec: { serviceAccountName: 'default', nodeName: NODE_NAME },
    status: { phase: 'Running', podIP: ipv4, podIPs: [{ ip: ipv4 }, { ip: ipv6 }] },
  });
}
