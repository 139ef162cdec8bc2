import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { describeError } from '@rolegate/runtime';
import type { PodResults } from './judge.ts';
import type { PodOrder } from './pod.ts';

/** A process in a temporary network namespace, which is removed with the process. */
export interface PodProcess {
  /** Identifies its network namespace for the kernel. */
  readonly pid: number;
  /** The results. Rejects if the process ends early. */
  readonly results: (order: PodOrder) => Promise<readonly PodResults[]>;
  readonly end: () => void;
}

/** For setup and the longest attempt on a slow machine. Milliseconds. */
const WITHIN_MS = 30_000;

/**
 * Starts this program as the test Pod. Rejects with the reason if the machine does not allow it: a new namespace needs
 * CAP_SYS_ADMIN.
 */
export async function startPodProcess(): Promise<PodProcess> {
  const [program = ''] = process.argv.slice(1);
  const args = ['--net', process.execPath, ...process.execArgv, program, 'self-test-pod'];
  const child = spawn('unshare', args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), WITHIN_MS);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr = `${stderr}${chunk.toString('utf8')}`.slice(-1_000)));
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = new Promise<never>((_resolve, reject) => {
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(new Error(`unshare: ${describeError(error)}`));
    });
    child.once('close', () => {
      clearTimeout(timer);
    });
  });
  failed.catch(() => undefined);

  async function line(): Promise<string> {
    const next = await Promise.race([lines.next(), failed]);
    if (next.done === true) throw new Error(`it ended: ${stderr.trim().split('\n').at(-1) ?? ''}`);
    return next.value;
  }

  await line();
  return {
    pid: child.pid ?? 0,
    async results(order) {
      child.stdin.end(`${JSON.stringify(order)}\n`);
      return JSON.parse(await line()) as PodResults[];
    },
    end: () => {
      child.kill('SIGKILL');
    },
  };
}
