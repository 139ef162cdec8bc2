import { spawn } from 'node:child_process';
import { describeError } from '@rolegate/runtime';

/** The exit code for a missing program, as in a shell. */
export const NOT_FOUND = 127;

/** How a program ended. */
export interface Outcome {
  /** The exit code; NOT_FOUND, or 137 if it was killed. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of the node until it ends. Never rejects. */
export type RunCommand = (
  program: string,
  args: readonly string[],
  options?: { readonly input?: string; readonly timeoutMs?: number },
) => Promise<Outcome>;

/** Far longer than any of our commands, including the wait for the xtables lock. Milliseconds. */
const TIMEOUT_MS = 20_000;
/** The rules of a node with ten thousand Services take some ten million bytes. Bytes. */
const MOST_OUTPUT = 256 * 1024 * 1024;

/** Runs the machine's programs in the network namespace of this process. */
export const runCommand: RunCommand = (program, args, { input = '', timeoutMs = TIMEOUT_MS } = {}) =>
  new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    // spawn's own timeout also runs for a missing program and keeps this process alive.
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
    const end = (outcome: Outcome) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    child.once('error', (error) => {
      end({ code: NOT_FOUND, stdout: '', stderr: describeError(error) });
    });
    child.once('close', (code) => {
      const said = code === null ? 'it was killed' : stderr().trim();
      end({ code: code ?? 137, stdout: stdout(), stderr: said });
    });
    // The program may end without reading its input; EPIPE says no more than its exit code.
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

/** The program's output. Throws with its error output if it failed. */
export function outputOf(program: string, { code, stdout, stderr }: Outcome): string {
  if (code !== 0) throw new Error(`${program}: ${stderr === '' ? `exit code ${code}` : stderr}`);
  return stdout;
}
