import { spawn } from 'node:child_process';
import { get } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** How long a program may take from exec to ready on a busy machine. */
const READY_WITHIN_MS = 20_000;
/** How long a program may take to stop before it is killed. */
const STOP_WITHIN_MS = 10_000;

export type ProgramOptions = ProgramCall & Readiness;

interface ProgramCall {
  readonly name: 'server' | 'agent';
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A command that becomes the program, before its own words: one that enters a network namespace, for example. */
  readonly through?: readonly string[];
  /** Each line that it writes, on either output. */
  readonly onLine: (line: string) => void;
}

/** When the program counts as started. */
type Readiness =
  /** When /readyz on this port of 127.0.0.1 says so. */
  | { readonly opsPort: number }
  /** When this does. */
  | { readonly isReady: () => Promise<boolean> };

export interface Program {
  readonly pid: number;
  /** True until the process has ended. */
  readonly running: boolean;
  ready(): Promise<void>;
  /** SIGTERM, and SIGKILL when that is not obeyed; resolves when it has ended. */
  readonly stop: () => Promise<void>;
  kill(): Promise<void>;
}

/** Starts the built server or agent as a process of its own, with no more of the environment than it is given. */
export function startProgram({
  name,
  args,
  env = {},
  through = [],
  onLine,
  ...start
}: ProgramOptions): Program {
  const main = fileURLToPath(import.meta.resolve(`@rolegate/${name}/main`));
  const isReady = 'isReady' in start ? start.isReady : () => answersReady(start.opsPort);
  const [command = '', ...words] = [...through, process.execPath, '--enable-source-maps', main, ...args];
  const child = spawn(command, words, {
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', onLine);
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => {
      resolve(null);
    });
    child.once('exit', resolve);
  });
  let running = true;
  void ended.then(() => {
    running = false;
  });

  async function ready(): Promise<void> {
    const deadline = Date.now() + READY_WITHIN_MS;
    while (!(await isReady())) {
      if (!running) throw new Error(`the ${name} ended before it was ready; its last lines say why`);
      if (Date.now() > deadline)
        throw new Error(`the ${name} was not ready within ${READY_WITHIN_MS / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  return {
    pid: child.pid ?? 0,
    get running() {
      return running;
    },
    ready,
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
      await ended;
      clearTimeout(timer);
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

export interface CommandOutcome {
  readonly code: number | null;
  /** Both outputs, as they came. */
  readonly output: string;
}

/** Runs the built program to its end, with nothing of the environment. */
export function runProgramOnce(name: 'server' | 'agent', args: readonly string[]): Promise<CommandOutcome> {
  const main = fileURLToPath(import.meta.resolve(`@rolegate/${name}/main`));
  const child = spawn(process.execPath, [main, ...args], { env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, output });
    });
  });
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
