import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { startProgram } from '@rolegate/sandbox';
import type { Program } from '@rolegate/sandbox';
import { PLAIN_ENV, runCommand } from '@rolegate/testing';
import type { CommandResult } from '@rolegate/testing';
import { PORTS } from '../network/addresses.ts';
import { AGENT_USER, FORMER_USER, prepareFlags, statusSocket } from './program-flags.ts';
import type { ProgramFiles } from './program-flags.ts';

/** Flags of setpriv: without root and without capabilities. */
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
/** A flag that stands for another directory than the runtime's: one that is not there. */
export const NO_CNI_RESULTS = '--cni-cache-dir=/nonexistent/cni';
const OWN_KEY = { AWS_ACCESS_KEY_ID: 'AKIAROLEGATESERVER00', AWS_SECRET_ACCESS_KEY: 'of the server' };

export interface NodeProgramsOptions extends ProgramFiles {
  /** The command that enters the node. */
  readonly enter: readonly string[];
  readonly cniDirectory: string;
  readonly onLine: (program: ProgramName, line: string) => void;
}

/**
 * `firewall` is the agent in that mode. Those beside are of a second Pod, as while it takes over from the first; `agent of 0.1` has
 * the user that 0.1 has, in the first Pod.
 */
export const programNames = [
  'server',
  'reconcile',
  'reconcile beside',
  'agent',
  'firewall',
  'agent beside',
  'agent of 0.1',
] as const;
export type ProgramName = (typeof programNames)[number];

interface Kind {
  readonly name: 'server' | 'agent';
  readonly through: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly isReady: () => Promise<boolean>;
}

export interface NodePrograms {
  /** Starts one, with flags beside those that it always has. */
  readonly start: (name: ProgramName, flags?: readonly string[]) => Program;
  /** Lays the rules once, or removes them; to the end. */
  readonly once: (word: 'intercept' | 'uninstall', flags?: readonly string[]) => Promise<CommandResult>;
  /** GET of the agent's ops server; '' where it does not answer with 2xx. */
  readonly agentOps: (path: string) => Promise<string>;
  /** GET of an agent's status socket; '' where it does not answer with 2xx. */
  readonly agentStatus: (name: AgentName, path: string) => Promise<string>;
}

export type AgentName = 'agent' | 'agent beside' | 'agent of 0.1' | 'firewall';

/** The programs of one node, in its network namespace. None runs yet; whoever starts one stops it. */
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
  // As the startup probe asks: two agents may be behind one port.
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
    'agent beside': agent('agent beside'),
    'agent of 0.1': agent('agent of 0.1', FORMER_USER),
    server: {
      name: 'server',
      through: enter,
      env: { ...PLAIN_ENV, ...OWN_KEY },
      isReady: async () => (await opsOf(enter, PORTS.serverOps, '/readyz')) !== undefined,
    },
    reconcile: reconcile(sockets.reconcile),
    'reconcile beside': reconcile(sockets['reconcile beside']),
  };

  return {
    start: (name, more = []) =>
      startProgram({
        ...kinds[name],
        args: [
          ...flags[name],
          ...more,
          ...(name.startsWith('reconcile') && !more.includes(NO_CNI_RESULTS) ? results : []),
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

function listens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
