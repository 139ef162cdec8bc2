import { spawn } from 'node:child_process';
import { get } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** How long a program may take from exec to ready on a busy machine. */
const READY_WITHIN_MS = 20_000;
/** How long a program may take to stop before it is killed. */
const STOP_WITHIN_MS = 10_000;

export interface ProgramOptions {
  readonly name: 'server' | 'agent';
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Port of its ops server on 127.0.0.1; the program is started when /readyz says so. */
  readonly opsPort: number;
  /** Each line that it writes, on either output. */
  readonly onLine: (line: string) => void;
}

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
export function startProgram({ name, args, env = {}, opsPort, onLine }: ProgramOptions): Program {
  const main = fileURLToPath(import.meta.resolve(`@rolegate/${name}/main`));
  const child = spawn(process.execPath, ['--enable-source-maps', main, ...args], {
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
    while (!(await answersReady(opsPort))) {
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
