import { join } from 'node:path';
import type { HostPort } from '@rolegate/runtime';
import { createTestCa, freePort } from '@rolegate/testing';
import type { TestCa } from '@rolegate/testing';
import { identityFlags } from './identity-flags.ts';
import type { IdentityOptions } from './identity-flags.ts';
import { agentFlags, containerCredentialsFlags, NODE_IP, serverFlags } from './program-flags.ts';
import type { ProgramPorts } from './program-flags.ts';
import type { CommandOutcome, NodeStart, Program } from './program.ts';
import { runProgramOnce, startProgram } from './program.ts';

export interface ProgramsOptions extends IdentityOptions {
  readonly serverCount: number;
  readonly kubeconfig: string;
  readonly stsEndpoint: string;
  readonly imdsEndpoint: string;
  readonly cniDirectory: string;
  /** Of `reconcile`, which then reads the directory for the agent. The caller starts it. */
  readonly cniSocket?: string | undefined;
  readonly onAgentLine: (line: string) => void;
  /** `index`: of which server. */
  readonly onServerLine: (line: string, index: number) => void;
  /** Another kubeconfig for one of the servers. */
  readonly kubeconfigOf?: (index: number) => string;
  /** Defaults to `debug`. */
  readonly agentLogLevel?: string;
  /** How Node.js runs a program. */
  readonly runtime?: (name: 'server' | 'agent') => NodeStart;
  /** Additional agent flags. */
  readonly agentFlags?: readonly string[];
  /** Additional flags of each server. */
  readonly serverFlags?: readonly string[];
  /** True: servers have no role base ARN and detect it through STS. */
  readonly detectsBaseArn?: boolean;
  /** True: agents serve container credentials. */
  readonly containerCredentials?: boolean;
}

/** Programs with fixed addresses and certificates. None is running; whoever starts one must stop it. */
export interface PreparedPrograms {
  /** Ports on 127.0.0.1 for the feed of each server. */
  readonly serverPorts: readonly number[];
  /** Ports on 127.0.0.1 for attestation, if the servers have their own authority. */
  readonly attestPorts: readonly number[];
  /** Ports on 127.0.0.1 with /metrics and /readyz of each server. */
  readonly opsPorts: readonly number[];
  /** The same for the agent. */
  readonly agentOpsPort: number;
  /** Signs certificates for servers and agents. */
  readonly ca: TestCa;
  /** Where Pods reach the agent. */
  readonly metadata: { readonly host: string; readonly port: number };
  /** Where Pods get container credentials, if agents serve them. */
  readonly containerCredentials: HostPort;
  /** `flags` replace the additional flags of all servers. */
  readonly startServer: (index: number, flags?: readonly string[]) => Program;
  readonly startAgent: (options?: AgentStart) => Program;
  /** Runs `rolegate-server authority WORD…`. */
  readonly authorityCommand: (...words: string[]) => Promise<CommandOutcome>;
}

export interface AgentStart {
  /** Defaults to those of the servers. */
  readonly serverPorts?: readonly number[];
  /** Defaults to those of the servers. */
  readonly attestPorts?: readonly number[];
  /** True: runs next to the first agent, on its own ports. */
  readonly second?: boolean;
  /** Name of its status socket, if it runs next to another agent on the same ports. */
  readonly name?: string;
  /** Additional flags for this process only. */
  readonly flags?: readonly string[];
  /** Environment variables for this process only. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Programs extends Pick<PreparedPrograms, 'metadata'> {
  readonly servers: readonly Program[];
  readonly agent: Program;
}

/** Starts built servers and a built agent on loopback with certificates made for them. The caller must stop them. */
export async function startPrograms(
  options: ProgramsOptions,
  started: (program: Program) => void,
): Promise<Programs> {
  const { serverPorts, metadata, startServer, startAgent } = await preparePrograms(options);
  const servers = serverPorts.map((_, index) => startServer(index));
  const agent = startAgent();
  const all = [...servers, agent];
  for (const program of all) started(program);
  await Promise.all(all.map((program) => program.ready()));
  return { servers, agent, metadata };
}

/** Chooses addresses and makes certificates. */
export async function preparePrograms(options: ProgramsOptions): Promise<PreparedPrograms> {
  const { serverCount, kubeconfig, runtime = () => ({ nodeFlags: [], env: {} }) } = options;
  const ca = await createTestCa();
  const identity = await identityFlags(options, ca);
  const servers: ServerPorts[] = [];
  while (servers.length < serverCount) servers.push({ ...(await freePorts()), attestPort: await freePort() });
  const [agent, secondAgent] = [await freePorts(), await freePorts()];
  const serverPorts = servers.map(({ port }) => port);
  const containerCredentials = { host: NODE_IP, port: await freePort() };
  const attestPorts = servers.map(({ attestPort }) => attestPort);

  return {
    serverPorts,
    attestPorts,
    opsPorts: servers.map(({ opsPort }) => opsPort),
    agentOpsPort: agent.opsPort,
    ca,
    metadata: { host: NODE_IP, port: agent.port },
    containerCredentials,
    startServer(index, flags = options.serverFlags ?? []) {
      const ports = servers[index];
      if (ports === undefined) throw new Error(`no server ${index}`);
      return startProgram({
        name: 'server',
        ...runtime('server'),
        opsPort: ports.opsPort,
        onLine: (line) => {
          options.onServerLine(line, index);
        },
        env: {
          ...runtime('server').env,
          AWS_ACCESS_KEY_ID: 'AKIAROLEGATESERVER00',
          AWS_SECRET_ACCESS_KEY: 'of the server',
        },
        args: [
          ...serverFlags(
            {
              clusterName: 'sandbox',
              kubeconfig: options.kubeconfigOf?.(index) ?? kubeconfig,
              stsEndpoint: options.stsEndpoint,
              knowsBaseArn: options.detectsBaseArn !== true,
            },
            ports,
          ),
          ...flags,
          ...attestFlags(options, '--attest-bind', [ports.attestPort]),
          ...identity.server,
          '--status-socket',
          statusSocket(options, `server-${index}`),
        ],
      });
    },
    startAgent(start = {}) {
      const ports = start.second === true ? secondAgent : agent;
      const { name = start.second === true ? 'agent-2' : 'agent' } = start;
      return startProgram({
        name: 'agent',
        ...runtime('agent'),
        opsPort: ports.opsPort,
        onLine: options.onAgentLine,
        env: { ...runtime('agent').env, ...start.env },
        args: [
          ...agentFlags(
            {
              ...options,
              serverPorts: start.serverPorts ?? serverPorts,
              logLevel: options.agentLogLevel ?? 'debug',
            },
            ports,
          ),
          '--metadata-host',
          NODE_IP,
          ...(options.containerCredentials === true ? containerCredentialsFlags(containerCredentials) : []),
          ...(options.agentFlags ?? []),
          ...attestFlags(options, '--attest-address', start.attestPorts ?? attestPorts),
          ...identity.agent,
          '--status-socket',
          statusSocket(options, name),
          ...(start.flags ?? []),
        ],
      });
    },
    authorityCommand: (...words) =>
      runProgramOnce('server', [
        'authority',
        ...words,
        '--kubeconfig',
        kubeconfig,
        '--namespace',
        options.authority?.namespace ?? '',
      ]),
  };
}

/** The status socket of a program: `agent`, `agent-2`, `server-0` and so on. */
export function statusSocket({ folder }: { readonly folder: string }, program: string): string {
  return join(folder, `${program}.sock`);
}

interface ServerPorts extends ProgramPorts {
  readonly attestPort: number;
}

/** Without the servers' own authority, neither side has these flags. */
function attestFlags(
  { authority }: ProgramsOptions,
  flag: '--attest-bind' | '--attest-address',
  ports: readonly number[],
): string[] {
  return authority === undefined ? [] : ports.flatMap((port) => [flag, `127.0.0.1:${port}`]);
}

async function freePorts(): Promise<ProgramPorts> {
  return { port: await freePort(), opsPort: await freePort() };
}
