import { spawn } from 'node:child_process';

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Milliseconds; it is killed then, and has the code 137. */
  readonly withinMs?: number;
}

/** Runs a program to its end, whatever its exit code. Rejects only where it cannot be started. */
export function run(
  [program = '', ...args]: readonly string[],
  { input, env = process.env, cwd, withinMs = 120_000 }: RunOptions = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env,
      ...(cwd !== undefined && { cwd }),
      timeout: withinMs,
      killSignal: 'SIGKILL',
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text));
    }
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code: code ?? 137, ...output });
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** The program's output; rejects with what it said where it failed. */
export async function outputOf(command: readonly string[], options?: RunOptions): Promise<string> {
  const { code, stdout, stderr } = await run(command, options);
  if (code !== 0)
    throw new Error(`${command.join(' ').slice(0, 200)}: exit code ${code}: ${tail(stderr || stdout)}`);
  return stdout;
}

function tail(text: string): string {
  return text.trim().split('\n').slice(-20).join('\n');
}
