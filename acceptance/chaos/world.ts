import { createSandboxNode } from '@rolegate/sandbox';
import type { AgentStart, Manifest, PreparedPrograms, Program, SandboxNode } from '@rolegate/sandbox';
import { openFolder } from '@rolegate/testing';
import type { CniResultsDir, FakeImds, FakeSts, KubernetesApi } from '@rolegate/testing';
import type { ProxiedPort } from './proxied-port.ts';
import { createPodCalls } from '../pod-calls/pod-call.ts';
import type { PodCalls, PodCallsOptions } from '../pod-calls/pod-call.ts';
import type { Authority } from '../stand-ins/authority.ts';
import { openProxiedPorts, prepareWorld, startStandIns, startWorldPrograms } from './world-programs.ts';
import type { ChaosWorldOptions } from './world-programs.ts';

/** The system on loopback, with a proxied port for each service. */
export interface ChaosWorld extends AsyncDisposable {
  /** A temporary folder for steps. */
  readonly folder: string;
  readonly api: KubernetesApi;
  readonly sts: FakeSts;
  readonly imds: FakeImds;
  readonly cni: CniResultsDir;
  readonly node: SandboxNode;
  readonly programs: PreparedPrograms;
  /** Undefined unless agents attest. */
  readonly authority: Authority | undefined;
  /** The latest process of each server. */
  readonly servers: readonly Program[];
  readonly agent: Program;
  readonly ports: {
    /** From the agent to each server. */
    readonly feeds: readonly ProxiedPort[];
    /** From each server to the API server. */
    readonly apis: readonly ProxiedPort[];
    readonly sts: ProxiedPort;
  };
  /** Index of the server that the agent is connected to, according to its log. */
  connectedServer(): number;
  /** `flags` replace the additional flags of all servers. */
  startServer(index: number, flags?: readonly string[]): Program;
  startAgent(options?: Pick<AgentStart, 'env' | 'flags'>): Program;
  permit(namespace: string, permitted: string): void;
  /** `named`: namespace/name. */
  run(named: string, role: string): Promise<void>;
  end(named: string): Promise<void>;
  callsOf(named: string, options?: Pick<PodCallsOptions, 'keepAlive' | 'timeoutMs'>): PodCalls;
}

/** Starts two servers and an agent and waits until they are ready. There are no Pods yet. */
export async function startChaosWorld(options: ChaosWorldOptions = {}): Promise<ChaosWorld> {
  await using stack = new AsyncDisposableStack();
  const folder = await openFolder('rolegate-chaos-', stack);
  const standIns = await startStandIns(stack);
  const prepared = await prepareWorld({ ...options, ...standIns, folder }, stack);
  const { api, cni, imds, sts } = standIns;
  const { programs, authority, ports, connectedPort } = prepared;
  const feeds = await openProxiedPorts(stack, programs.serverPorts);
  const node = createSandboxNode({ api, cni, agent: programs.metadata });
  stack.defer(() => node.close());
  await options.onPrepared?.({ folder, cni, sts, programs });
  const all = stack.move();
  const running = await startWorldPrograms(prepared, { feeds, stack: all });
  return {
    folder,
    api,
    sts,
    imds,
    cni,
    node,
    programs,
    authority,
    ...running.starts,
    servers: running.servers,
    ports: { ...ports, feeds },
    get agent() {
      return running.agent();
    },
    connectedServer() {
      const index = feeds.findIndex(({ port }) => port === connectedPort());
      if (index < 0) throw new Error('the agent has not logged its server');
      return index;
    },
    ...pods({ api, node, agent: programs.metadata }),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Functions that change Pods and Namespaces. */
function pods({ api, node, agent }: Pick<ChaosWorld, 'api' | 'node'> & { agent: PodCallsOptions['agent'] }) {
  return {
    permit(namespace: string, permitted: string) {
      const annotations = { 'iam.amazonaws.com/permitted': permitted };
      api.apply({ kind: 'Namespace', metadata: { name: namespace, annotations } });
    },
    async run(named: string, role: string) {
      await node.run(podManifest(named, role));
    },
    end: (named: string) => node.end(`Pod ${named}`),
    callsOf(named: string, options: Pick<PodCallsOptions, 'keepAlive' | 'timeoutMs'> = {}) {
      const pod = node.pod(`Pod ${named}`);
      if (pod === undefined) throw new Error(`there is no Pod ${named}`);
      return createPodCalls({ ip: pod.ip, agent, ...options });
    },
  };
}

function podManifest(named: string, role: string): Manifest {
  const [namespace = '', name = ''] = named.split('/');
  const annotations = { 'iam.amazonaws.com/role': role };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, annotations } };
}
