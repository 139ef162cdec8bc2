import { join } from 'node:path';
import { createTestCa, freePort } from '@rolegate/testing';
import type { TestCa } from '@rolegate/testing';
import { identityFlags } from './identity-flags.ts';
import type { IdentityOptions } from './identity-flags.ts';
import { agentFlags, NODE_IP, serverFlags } from './program-flags.ts';
import type { ProgramPorts } from './program-flags.ts';
import type { CommandOutcome, Program } from './program.ts';
import { runProgramOnce, startProgram } from './program.ts';

export interface ProgramsOptions extends IdentityOptions {
  readonly serverCount: number;
  readonly kubeconfig: string;
  readonly stsEndpoint: string;
  readonly imdsEndpoint: string;
  readonly cniDirectory: string;
  readonly onAgentLine: (line: string) => void;
  readonly onServerLine: (line: string) => void;
  /** For one server another than `kubeconfig`. */
  readonly kubeconfigOf?: (index: number) => string;
  /** `debug` unless told. */
  readonly agentLogLevel?: string;
  /** Further ones. */
  readonly agentFlags?: readonly string[];
  /** Further ones of each server. */
  readonly serverFlags?: readonly string[];
  /** True: servers are not told their role base ARN and ask STS for it. */
  readonly detectsBaseArn?: boolean;
}

/** Programs with fixed addresses and certificates, none of which runs yet; whoever starts one stops it. */
export interface PreparedPrograms {
  /** Of 127.0.0.1, where each server takes agents. */
  readonly serverPorts: readonly number[];
  /** Of 127.0.0.1, where agents get their first certificate, if the servers are their own authority. */
  readonly attestPorts: readonly number[];
  /** Of 127.0.0.1, where each server has /metrics and /readyz. */
  readonly opsPorts: readonly number[];
  /** The same of the agent. */
  readonly agentOpsPort: number;
  /** Signs for servers and agents. */
  readonly ca: TestCa;
  /** Where Pods reach the agent. */
  readonly metadata: { readonly host: string; readonly port: number };
  readonly startServer: (index: number) => Program;
  readonly startAgent: (options?: AgentStart) => Program;
  /** Runs `rolegate-server authority WORD…` to its end. */
  readonly authorityCommand: (...words: string[]) => Promise<CommandOutcome>;
}

export interface AgentStart {
  /** By default those of the servers. */
  readonly serverPorts?: readonly number[];
  /** By default those of the servers. */
  readonly attestPorts?: readonly number[];
  /** True: beside the first agent, with ports of its own. */
  readonly second?: boolean;
  /** Whom its status socket is named after, where it runs beside another one on the same ports. */
  readonly name?: string;
  /** Further ones, of this process alone. */
  readonly flags?: readonly string[];
}

export interface Programs extends Pick<PreparedPrograms, 'metadata'> {
  readonly servers: readonly Program[];
  readonly agent: Program;
}

/** Starts built servers and a built agent on loopback with certificates made for them; whoever calls stops them. */
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
  const { serverCount, kubeconfig } = options;
  const ca = await createTestCa();
  const identity = await identityFlags(options, ca);
  const servers: ServerPorts[] = [];
  while (servers.length < serverCount) servers.push({ ...(await freePorts()), attestPort: await freePort() });
  const [agent, secondAgent] = [await freePorts(), await freePorts()];
  const serverPorts = servers.map(({ port }) => port);
  const attestPorts = servers.map(({ attestPort }) => attestPort);

  return {
    serverPorts,
    attestPorts,
    opsPorts: servers.map(({ opsPort }) => opsPort),
    agentOpsPort: agent.opsPort,
    ca,
    metadata: { host: NODE_IP, port: agent.port },
    startServer(index) {
      const ports = servers[index];
      if (ports === undefined) throw new Error(`there is no server ${index}`);
      return startProgram({
        name: 'server',
        opsPort: ports.opsPort,
        onLine: options.onServerLine,
        env: { AWS_ACCESS_KEY_ID: 'AKIAROLEGATESERVER00', AWS_SECRET_ACCESS_KEY: 'of the server' },
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
          ...(options.serverFlags ?? []),
          ...attestFlags(options, '--attest-bind', [ports.attestPort]),
          ...identity.server,
          '--status-socket',
          statusSocket(options, `server-${index}`),
        ],
      });
    },
    startAgent(told = {}) {
      const ports = told.second === true ? secondAgent : agent;
      const { name = told.second === true ? 'agent-2' : 'agent' } = told;
      return startProgram({
        name: 'agent',
        opsPort: ports.opsPort,
        onLine: options.onAgentLine,
        args: [
          ...agentFlags(
            {
              ...options,
              serverPorts: told.serverPorts ?? serverPorts,
              logLevel: options.agentLogLevel ?? 'debug',
            },
            ports,
          ),
          '--metadata-host',
          NODE_IP,
          ...(options.agentFlags ?? []),
          ...attestFlags(options, '--attest-address', told.attestPorts ?? attestPorts),
          ...identity.agent,
          '--status-socket',
          statusSocket(options, name),
          ...(told.flags ?? []),
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

/** Where a program can be asked for its status: `agent`, `agent-2`, `server-0` and so on. */
export function statusSocket({ folder }: { readonly folder: string }, program: string): string {
  return join(folder, `${program}.sock`);
}

interface ServerPorts extends ProgramPorts {
  readonly attestPort: number;
}

/** Neither side has them with certificates from files. */
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
