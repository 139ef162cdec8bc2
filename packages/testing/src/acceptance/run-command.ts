import { spawn } from 'node:child_process';

/** A command that takes longer is considered hanging. Milliseconds. */
const TIMEOUT_MS = 30_000;
/** Lines of a failed command's output that are shown. */
const LAST_LINES = 20;

export interface CommandResult {
  /** Null if it was ended by a signal, for example at its timeout. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly input?: string;
  readonly timeoutMs?: number;
  /** The whole environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Called with each part of the standard output as it comes. */
  readonly onStdout?: (text: string) => void;
}

/** The environment of programs under test: the tools' path, and nothing of the test's environment. */
export const PLAIN_ENV = {
  PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/nonexistent',
};

/** Runs a command to its end, whatever its exit code. Rejects only if it cannot be started. */
export function runCommand(
  [file = '', ...args]: readonly string[],
  { input = '', timeoutMs = TIMEOUT_MS, env = PLAIN_ENV, cwd, onStdout }: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env: { ...env }, cwd });
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output.stdout += text;
      onStdout?.(text);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    child.stdin.on('error', () => undefined); // a command that does not read its input
    child.stdin.end(input);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout: output.stdout, stderr: output.stderr });
    });
  });
}

/** Runs a command and returns its output. Rejects with the output if it fails. */
export async function outputOf(command: readonly string[], options?: CommandOptions): Promise<string> {
  const { code, stdout, stderr } = await runCommand(command, options);
  if (code === 0) return stdout;
  const said = (stderr.trim() || stdout.trim()).split('\n').slice(-LAST_LINES).join('\n');
  throw new Error(`${command.join(' ').slice(0, 200)}: ${said || `exit code ${String(code)}`}`);
}
