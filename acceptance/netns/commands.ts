import { spawn } from 'node:child_process';

/** No command here takes long; one that does hangs. Milliseconds. */
const TIMEOUT_MS = 30_000;

export interface CommandResult {
  /** Null: ended by a signal, ours for example. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly input?: string;
  readonly timeoutMs?: number;
  /** The whole environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What programs here are started with: where the tools are, and nothing of who runs the test. */
export const PLAIN_ENV = {
  PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/nonexistent',
};

/** Runs a command to its end. Rejects only where it cannot be started. */
export function runCommand(
  [file = '', ...args]: readonly string[],
  { input = '', timeoutMs = TIMEOUT_MS, env = PLAIN_ENV }: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env: { ...env }, timeout: timeoutMs, killSignal: 'SIGKILL' });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    child.stdin.on('error', () => undefined); // who does not read its input has ended, and says why
    child.stdin.end(input);
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, ...output });
    });
  });
}

/** Its output. Rejects with what it said where it fails. */
export async function outputOf(command: readonly string[], options?: CommandOptions): Promise<string> {
  const { code, stdout, stderr } = await runCommand(command, options);
  if (code !== 0) throw new Error(`${command.join(' ')}: ${stderr.trim() || `exit code ${String(code)}`}`);
  return stdout;
}
