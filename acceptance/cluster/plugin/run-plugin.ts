import { fileURLToPath } from 'node:url';
import { PLAIN_ENV, runCommand, startProcess } from '@rolegate/testing';

/** The built plugin. */
const PROGRAM = fileURLToPath(new URL('../../../packages/cli/dist/main.js', import.meta.url));
/** How long a command that does not end by itself is left running. Milliseconds. */
const FOLLOW_MS = 4_000;
const WITHIN_MS = 60_000;

export interface PluginRun {
  /** Undefined for a command that was stopped. */
  readonly code: number | undefined;
  /** Of stdout and stderr. */
  readonly text: string;
}

/** Runs `kubectl rolegate`. A command with `-f` is stopped after a while. */
export async function runPlugin(words: readonly string[], kubeconfig: string): Promise<PluginRun> {
  const command = [process.execPath, PROGRAM, ...words, '--kubeconfig', kubeconfig];
  if (words.includes('-f')) return { code: undefined, text: await follow(command) };
  const { code, stdout, stderr } = await runCommand(command, { env: PLAIN_ENV, timeoutMs: WITHIN_MS });
  return { code: code ?? -1, text: stdout + stderr };
}

async function follow(command: readonly string[]): Promise<string> {
  const lines: string[] = [];
  const { stop, ended } = startProcess(command, { env: PLAIN_ENV, output: (line) => lines.push(line) });
  const timer = setTimeout(() => void stop(), FOLLOW_MS);
  await ended;
  clearTimeout(timer);
  return lines.join('\n');
}

/** The rights that the plugin says it lacks, such as `get pods/log`, each as often as it says so. */
export function missingRights(text: string): readonly string[] {
  const all = text.matchAll(/missing right: ([a-z]+(?: and [a-z]+)* [a-z/.]+)/g);
  return [...all].map(([, right = '']) => right);
}
