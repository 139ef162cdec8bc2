import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from '@rolegate/runtime';
import { NODE_NAME, preparePrograms } from '@rolegate/sandbox';
import type { AgentStart, PreparedPrograms, Program, ProgramsOptions } from '@rolegate/sandbox';
import { createCniResultsDir, startImds, startKubernetesApi, startSts } from '@rolegate/testing';
import type { CniResultsDir, FakeSts, KubernetesApi } from '@rolegate/testing';
import { openAuthority } from '../stand-ins/authority.ts';
import { openProxiedPort } from './proxied-port.ts';
import type { ProxiedPort } from './proxied-port.ts';

const SERVERS = 2;
/** Log lines in the error of a failed start. */
const MOST_LINES = 5;

export interface ChaosWorldOptions {
  /** Additional flags of the agent, given the world's folder. */
  readonly agentFlags?: ((folder: string) => readonly string[]) | undefined;
  /** Additional flags of each server. */
  readonly serverFlags?: readonly string[];
  readonly runtime?: ProgramsOptions['runtime'];
  /** The socket of `reconcile` in the world's folder. By default the agent reads the CNI results itself. */
  readonly cniSocket?: (folder: string) => string | undefined;
  /** Called when the programs are prepared, to start others, such as `reconcile`, without which an agent is not ready. */
  readonly onPrepared?: (prepared: PreparedWorld) => Promise<void>;
  readonly onLine?: (program: 'server' | 'agent', line: string) => void;
  /** True: servers have their own authority and agents attest, as by default in the charts. Certificates from files otherwise. */
  readonly attested?: boolean;
  /** True: the agent serves container credentials. */
  readonly containerCredentials?: boolean;
}

/** A world in which no program runs yet. */
export interface PreparedWorld {
  readonly folder: string;
  readonly cni: CniResultsDir;
  readonly sts: FakeSts;
  readonly programs: PreparedPrograms;
}

type Prepared = Awaited<ReturnType<typeof prepareWorld>>;

/** Opens paths to STS and the API server, and prepares the programs. */
export async function prepareWorld(
  {
    folder,
    api,
    sts,
    imds,
    cni,
    agentFlags = () => [],
    serverFlags = [],
    runtime,
    onLine = () => undefined,
    attested = false,
    containerCredentials = false,
    cniSocket = () => undefined,
  }: ChaosWorldOptions & { folder: string } & Awaited<ReturnType<typeof startStandIns>>,
  stack: AsyncDisposableStack,
) {
  const [stsPort, ...apis] = await openProxiedPorts(stack, [
    sts.port,
    ...Array<number>(SERVERS).fill(api.port),
  ]);
  if (stsPort === undefined) throw new Error('there is no port to STS');
  const kubeconfigs = await Promise.all(
    apis.map(({ port }, index) => writeKubeconfig(join(folder, `kubeconfig-${index}`), api, port)),
  );
  const lines: string[] = [];
  let connected = '';
  const keep = (program: 'server' | 'agent') => (line: string) => {
    onLine(program, line);
    if (lines.push(line) > MOST_LINES) lines.shift();
    if (line.includes('"feed synced"')) connected = /"server":"[^"]+:(\d+)"/.exec(line)?.[1] ?? connected;
  };
  const authority = attested ? await openAuthority({ folder, api }, stack) : undefined;
  const programs = await preparePrograms({
    folder,
    serverCount: SERVERS,
    node: NODE_NAME,
    imdsEndpoint: imds.url,
    cniDirectory: cni.path,
    cniSocket: cniSocket(folder),
    kubeconfig: kubeconfigs[0] ?? '',
    kubeconfigOf: (index) => kubeconfigs[index] ?? '',
    stsEndpoint: `http://127.0.0.1:${stsPort.port}`,
    agentLogLevel: 'info',
    agentFlags: agentFlags(folder),
    serverFlags,
    ...(runtime && { runtime }),
    containerCredentials,
    ...(authority !== undefined && { authority: await authority.agentOn(NODE_NAME) }),
    onServerLine: keep('server'),
    onAgentLine: keep('agent'),
  });
  return {
    programs,
    authority,
    lines,
    ports: { sts: stsPort, apis },
    connectedPort: () => Number(connected),
  };
}

/** Starts two servers and the agent. If one does not become ready, everything is closed. */
export async function startWorldPrograms(
  { programs, lines }: Prepared,
  { feeds, stack }: { feeds: readonly ProxiedPort[]; stack: AsyncDisposableStack },
) {
  const running = (program: Program): Program => {
    stack.defer(() => end(program));
    return program;
  };
  const serverPorts = feeds.map(({ port }) => port);
  const servers = programs.serverPorts.map((_, index) => running(programs.startServer(index)));
  let agent = running(programs.startAgent({ serverPorts }));
  try {
    await Promise.all([...servers, agent].map((program) => program.ready()));
  } catch (error) {
    await stack.disposeAsync();
    throw new Error([describeError(error), ...lines].join('\n        '), { cause: error });
  }
  const starts = {
    startServer: (index: number, flags?: readonly string[]) =>
      (servers[index] = running(programs.startServer(index, flags))),
    startAgent: (options: Pick<AgentStart, 'env' | 'flags'> = {}) =>
      (agent = running(programs.startAgent({ ...options, serverPorts }))),
  };
  return { servers, agent: () => agent, starts };
}

export async function startStandIns(stack: AsyncDisposableStack) {
  const api = await startKubernetesApi({});
  stack.defer(() => api.close());
  const sts = stack.use(await startSts({}));
  const imds = await startImds({});
  stack.defer(() => imds.close());
  return { api, sts, imds, cni: stack.use(await createCniResultsDir()) };
}

export async function openProxiedPorts(
  stack: AsyncDisposableStack,
  services: readonly number[],
): Promise<ProxiedPort[]> {
  const opened = await Promise.all(services.map((port) => openProxiedPort(port)));
  for (const port of opened) stack.defer(() => port.close());
  return opened;
}

async function writeKubeconfig(path: string, api: KubernetesApi, port: number): Promise<string> {
  await writeFile(path, api.kubeconfig().replace(api.url, `http://127.0.0.1:${port}`));
  return path;
}

/** A suspended process must be resumed first. */
async function end(program: Program): Promise<void> {
  if (program.running) process.kill(program.pid, 'SIGCONT');
  await program.stop();
}
