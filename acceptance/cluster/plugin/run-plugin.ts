import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { PLAIN_ENV, runCommand, startProcess } from '@rolegate/testing';

/** The built plugin. */
const PROGRAM = fileURLToPath(new URL('../../../packages/cli/dist/main.js', import.meta.url));
const WITHIN_MS = 60_000;
/** How long a command that does not end by itself is left running after its first line. Milliseconds. */
const FOLLOW_MS = 2_000;

export interface PluginRun {
  /** Undefined for a command that was stopped. */
  readonly code: number | undefined;
  readonly stdout: string;
  /** Of a command that was stopped, both outputs. */
  readonly stderr: string;
}

/** Runs `kubectl rolegate`. A command with `-f` is stopped after a while. */
export async function runPlugin(words: readonly string[], kubeconfig: string): Promise<PluginRun> {
  const command = [process.execPath, PROGRAM, ...words, '--kubeconfig', kubeconfig];
  if (words.includes('-f')) return { code: undefined, stdout: '', stderr: await follow(command) };
  const { code, stdout, stderr } = await runCommand(command, { env: PLAIN_ENV, timeoutMs: WITHIN_MS });
  return { code: code ?? -1, stdout, stderr };
}

async function follow(command: readonly string[]): Promise<string> {
  const lines: string[] = [];
  const first = Promise.withResolvers<undefined>();
  const { stop, ended } = startProcess(command, {
    env: PLAIN_ENV,
    output(line) {
      lines.push(line);
      first.resolve(undefined);
    },
  });
  await Promise.race([first.promise, ended, sleep(WITHIN_MS, undefined, { ref: false })]);
  await Promise.race([ended, sleep(FOLLOW_MS)]);
  await stop();
  return lines.join('\n');
}

/** The rights that the plugin says it lacks, such as `get pods/log`. */
export function missingRights(stderr: string): readonly string[] {
  const all = stderr.matchAll(/missing right: ([a-z]+(?: and [a-z]+)* [a-z/.]+)/g);
  return [...all].map(([, right = '']) => right);
}
