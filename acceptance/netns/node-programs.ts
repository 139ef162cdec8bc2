import { fileURLToPath } from 'node:url';
import { startProgram } from '@rolegate/sandbox';
import type { Program } from '@rolegate/sandbox';
import { PLAIN_ENV, runCommand } from '@rolegate/testing';
import type { CommandResult } from '@rolegate/testing';
import { PORTS } from '../network/addresses.ts';
import { listens } from '../processes/listens.ts';
import { AGENT_USER, USER_OF_0_1, prepareFlags, statusSocket } from './program-flags.ts';
import type { ProgramFiles } from './program-flags.ts';

/** Flags for setpriv: no root and no capabilities. */
export const asUserOnly = (user: number): readonly string[] => [
  `--reuid=${user}`,
  `--regid=${user}`,
  '--clear-groups',
  '--no-new-privs',
  '--bounding-set=-all',
  '--inh-caps=-all',
];
/** The agent needs no root and no capability. */
export const unprivileged = (user: number): readonly string[] => ['setpriv', ...asUserOnly(user), '--'];
/** Points the agent to a directory that does not exist. */
export const NO_CNI_RESULTS = '--cni-cache-dir=/nonexistent/cni';
const OWN_KEY = { AWS_ACCESS_KEY_ID: 'AKIAROLEGATESERVER00', AWS_SECRET_ACCESS_KEY: 'of the server' };

export interface NodeProgramsOptions extends ProgramFiles {
  /** The command that enters the node. */
  readonly enter: readonly string[];
  readonly cniDirectory: string;
  readonly onLine: (program: ProgramName, line: string) => void;
}

/**
 * `firewall` is the agent in that mode. The second reconcile and agent belong to a second Pod, as during a surge upgrade.
 * `agent 0.1` runs in the first Pod as the user of version 0.1.
 */
export const programNames = [
  'server',
  'reconcile',
  'second reconcile',
  'agent',
  'firewall',
  'second agent',
  'agent 0.1',
] as const;
export type ProgramName = (typeof programNames)[number];

interface Kind {
  readonly name: 'server' | 'agent';
  readonly through: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly isReady: () => Promise<boolean>;
}

export interface NodePrograms {
  /** Starts a program with additional flags. */
  readonly start: (name: ProgramName, flags?: readonly string[]) => Program;
  /** Runs `intercept` or `uninstall` to completion. */
  readonly once: (word: 'intercept' | 'uninstall', flags?: readonly string[]) => Promise<CommandResult>;
  /** GET from the agent's ops server; '' unless the answer is 2xx. */
  readonly agentOps: (path: string) => Promise<string>;
  /** GET from an agent's status socket; '' unless the answer is 2xx. */
  readonly agentStatus: (name: AgentName, path: string) => Promise<string>;
}

export type AgentName = 'agent' | 'second agent' | 'agent 0.1' | 'firewall';

/** Prepares the programs of a node in its network namespace. The caller starts and stops them. */
export async function prepareNodePrograms(options: NodeProgramsOptions): Promise<NodePrograms> {
  const { enter, onLine } = options;
  const results = ['--cni-cache-dir', options.cniDirectory];
  const { sockets, status, ...flags } = await prepareFlags(options);
  const main = fileURLToPath(import.meta.resolve('@rolegate/agent/main'));
  const agentStatus = async (name: AgentName, path: string) =>
    (await outputIfOk([
      'curl',
      '-sf',
      '-m',
      '2',
      '--unix-socket',
      statusSocket(status, name),
      `http://x${path}`,
    ])) ?? '';
  // Through the status socket, as the startup probe does: two agents may share the port.
  const agent = (name: AgentName, user = AGENT_USER): Kind => ({
    name: 'agent',
    through: [...enter, ...unprivileged(user)],
    env: PLAIN_ENV,
    isReady: async () => (await agentStatus(name, '/readyz')) !== '',
  });
  const reconcile = (socket: string): Kind => ({
    name: 'agent',
    through: enter,
    env: PLAIN_ENV,
    isReady: () => listens(socket),
  });
  const kinds: Readonly<Record<ProgramName, Kind>> = {
    agent: agent('agent'),
    firewall: agent('firewall'),
    'second agent': agent('second agent'),
    'agent 0.1': agent('agent 0.1', USER_OF_0_1),
    server: {
      name: 'server',
      through: enter,
      env: { ...PLAIN_ENV, ...OWN_KEY },
      isReady: async () => (await opsOf(enter, PORTS.serverOps, '/readyz')) !== undefined,
    },
    reconcile: reconcile(sockets.reconcile),
    'second reconcile': reconcile(sockets['second reconcile']),
  };

  return {
    start: (name, more = []) =>
      startProgram({
        ...kinds[name],
        args: [
          ...flags[name],
          ...more,
          ...(name.endsWith('reconcile') && !more.includes(NO_CNI_RESULTS) ? results : []),
        ],
        onLine: (line) => {
          onLine(name, line);
        },
      }),
    once: (word, more = []) =>
      runCommand([...enter, process.execPath, '--enable-source-maps', main, word, ...flags[word], ...more]),
    agentOps: async (path) => (await opsOf(enter, PORTS.agentOps, path)) ?? '',
    agentStatus,
  };
}

function opsOf(enter: readonly string[], port: number, path: string): Promise<string | undefined> {
  return outputIfOk([...enter, 'curl', '-sf', '-m', '2', `http://127.0.0.1:${port}${path}`]);
}

async function outputIfOk(command: readonly string[]): Promise<string | undefined> {
  const { code, stdout } = await runCommand(command);
  return code === 0 ? stdout : undefined;
}
