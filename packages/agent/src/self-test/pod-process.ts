import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { describeError } from '@rolegate/runtime';
import type { PodTries } from './judge.ts';
import type { PodOrder } from './pod.ts';

/** A process in a network namespace of its own, which ends with it. */
export interface PodProcess {
  /** By this the kernel knows its network namespace. */
  readonly pid: number;
  /** What it met. Rejects where it ends before it says so. */
  readonly tries: (order: PodOrder) => Promise<readonly PodTries[]>;
  readonly end: () => void;
}

/** Setting up, the longest try and a slow machine. Milliseconds. */
const WITHIN_MS = 30_000;

/**
 * Starts this same program as the stand-in Pod. Rejects with why the machine does not allow it: without CAP_SYS_ADMIN there is
 * no new namespace.
 */
export async function startPodProcess(): Promise<PodProcess> {
  const [program = ''] = process.argv.slice(1);
  const args = ['--net', process.execPath, ...process.execArgv, program, 'self-test-pod'];
  const child = spawn('unshare', args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), WITHIN_MS);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString('utf8')}`.slice(-1_000)));
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
    if (next.done === true) throw new Error(`it ended: ${said.trim().split('\n').at(-1) ?? ''}`);
    return next.value;
  }

  await line();
  return {
    pid: child.pid ?? 0,
    async tries(order) {
      child.stdin.end(`${JSON.stringify(order)}\n`);
      return JSON.parse(await line()) as PodTries[];
    },
    end: () => {
      child.kill('SIGKILL');
    },
  };
}
