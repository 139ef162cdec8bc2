import { spawn } from 'node:child_process';
import { describeError } from '@rolegate/runtime';

/** The exit code for a program that is not there, as a shell has it. */
export const NOT_THERE = 127;

/** How a command ended. */
export interface Outcome {
  /** The exit code; NOT_THERE, or 137 where it was killed. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of the node to its end. Never rejects. */
export type RunCommand = (
  program: string,
  args: readonly string[],
  options?: { readonly input?: string; readonly timeoutMs?: number },
) => Promise<Outcome>;

/** Far longer than any of ours takes, the wait for the lock of xtables included. Milliseconds. */
const TIMEOUT_MS = 20_000;
/** A node with ten thousand Services has some ten million bytes of rules. Bytes. */
const MOST_OUTPUT = 256 * 1024 * 1024;

/** The machine's own programs, in the network namespace of this process. */
export const runCommand: RunCommand = (program, args, { input = '', timeoutMs = TIMEOUT_MS } = {}) =>
  new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    // Not spawn's own timeout: that one goes on for a program that is not there, and keeps this process alive.
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
    const end = (outcome: Outcome) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    child.once('error', (error) => {
      end({ code: NOT_THERE, stdout: '', stderr: describeError(error) });
    });
    child.once('close', (code) => {
      const said = code === null ? 'it was killed' : stderr().trim();
      end({ code: code ?? 137, stdout: stdout(), stderr: said });
    });
    // It may end without reading: EPIPE says nothing that its exit code does not.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MOST_OUTPUT) chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

/** The outcome's output; throws with what the program said where it failed. */
export function outputOf(program: string, { code, stdout, stderr }: Outcome): string {
  if (code !== 0) throw new Error(`${program}: ${stderr === '' ? `exit code ${code}` : stderr}`);
  return stdout;
}
