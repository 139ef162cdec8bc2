import { fileURLToPath } from 'node:url';
import { PLAIN_ENV, runCommand } from '@rolegate/testing';

/** The built plugin. */
const PROGRAM = fileURLToPath(new URL('../../../packages/cli/dist/main.js', import.meta.url));
/** How long a command that does not end by itself is left running. */
const FOLLOW_SECONDS = 4;
const WITHIN_MS = 60_000;

export interface PluginRun {
  /** Undefined for a command that was stopped. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `kubectl rolegate`. A command with `-f` is stopped after a while. */
export async function runPlugin(words: readonly string[], kubeconfig: string): Promise<PluginRun> {
  const isFollowing = words.includes('-f');
  const command = [process.execPath, PROGRAM, ...words, '--kubeconfig', kubeconfig];
  const limited = isFollowing ? ['timeout', `${FOLLOW_SECONDS}`, ...command] : command;
  const { code, stdout, stderr } = await runCommand(limited, { env: PLAIN_ENV, timeoutMs: WITHIN_MS });
  return { code: isFollowing ? undefined : (code ?? -1), stdout, stderr };
}

/** The rights that the plugin says it lacks, such as `get pods/log`. */
export function missingRights(stderr: string): readonly string[] {
  const all = stderr.matchAll(/missing right: ([a-z]+(?: and [a-z]+)* [a-z/.]+)/g);
  return [...all].map(([, right = '']) => right);
}
