import { get } from 'node:http';
import { fileURLToPath } from 'node:url';
import { runCommand, startProcess } from '@rolegate/testing';
import type { RunningProcess } from '@rolegate/testing';

/** From exec to ready on a busy machine. Milliseconds. */
const READY_WITHIN_MS = 60_000;
/** Longest run of a command. Milliseconds. */
const ONCE_WITHIN_MS = 120_000;

export type ProgramOptions = ProgramCall & Partial<NodeStart> & Readiness;

/** How Node.js is started, for example in an image. */
export interface NodeStart {
  /** Flags before the program. */
  readonly nodeFlags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

interface ProgramCall {
  readonly name: 'server' | 'agent';
  readonly args: readonly string[];
  /** A command that execs the program, such as one that enters a network namespace. */
  readonly through?: readonly string[];
  /** Called with each line of either output. */
  readonly onLine: (line: string) => void;
}

/** When the program has started. */
type Readiness =
  /** /readyz on this port of 127.0.0.1 succeeds. */
  | { readonly opsPort: number }
  /** This resolves with true. */
  | { readonly isReady: () => Promise<boolean> };

export interface Program extends Omit<RunningProcess, 'ended'> {
  ready(): Promise<void>;
}

/** Starts the built server or agent in its own process, with only the given environment. */
export function startProgram({
  name,
  args,
  env = {},
  nodeFlags = [],
  through = [],
  onLine,
  ...start
}: ProgramOptions): Program {
  const isReady = 'isReady' in start ? start.isReady : () => answersReady(start.opsPort);
  const words = [process.execPath, '--enable-source-maps', ...nodeFlags, mainOf(name), ...args];
  const program = startProcess([...through, ...words], { env, output: onLine });
  return Object.assign(program, {
    async ready(): Promise<void> {
      const deadline = Date.now() + READY_WITHIN_MS;
      while (!(await isReady())) {
        if (!program.running) throw new Error(`the ${name} ended before it was ready; see its last lines`);
        if (Date.now() > deadline)
          throw new Error(`the ${name} was not ready within ${READY_WITHIN_MS / 1000} s`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },
  });
}

/** Path of the built program. */
export function mainOf(name: 'server' | 'agent'): string {
  return fileURLToPath(import.meta.resolve(`@rolegate/${name}/main`));
}

export interface CommandOutcome {
  readonly code: number | null;
  /** Stdout followed by stderr. */
  readonly output: string;
}

/** Runs the built program to its end with an empty environment. */
export async function runProgramOnce(
  name: 'server' | 'agent',
  args: readonly string[],
): Promise<CommandOutcome> {
  const command = [process.execPath, mainOf(name), ...args];
  const { code, stdout, stderr } = await runCommand(command, { env: {}, timeoutMs: ONCE_WITHIN_MS });
  return { code, output: stdout + stderr };
}

function answersReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: '/readyz', timeout: 1_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('error', () => {
      resolve(false);
    });
    request.on('timeout', () => request.destroy());
  });
}
