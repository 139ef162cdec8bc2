import { access, symlink } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand, startProcess } from '@rolegate/testing';
import type { CommandResult, RunningProcess } from '@rolegate/testing';

const BUNDLE = fileURLToPath(new URL('../../../dist/bundle/kubectl-rolegate.cjs', import.meta.url));
const CALL_WITHIN_MS = 30_000;

/**
 * Runs `kubectl rolegate`, as kubectl finds it on the PATH. `folder` gets the link to the bundle. The kubeconfig is that
 * of an administrator.
 */
export async function createPlugin({ kubeconfig, folder }: { kubeconfig: string; folder: string }) {
  await access(BUNDLE);
  await symlink(BUNDLE, join(folder, 'kubectl-rolegate'));
  const path = `${folder}${delimiter}${process.env['PATH'] ?? ''}`;
  const env = { ...process.env, KUBECONFIG: kubeconfig, PATH: path };
  const run = (...args: string[]): Promise<CommandResult> =>
    runCommand(['kubectl', 'rolegate', ...args], { env, timeoutMs: CALL_WITHIN_MS });

  return {
    /** For a shell that finds kubectl and the plugin. */
    env,
    /** Any exit code is a result. */
    run,
    /** Starts a command that runs until it is stopped, such as `logs -f`. */
    start: (args: readonly string[], output: (line: string) => void): RunningProcess =>
      startProcess(['kubectl', 'rolegate', ...args], { env, output }),
  };
}

export type Plugin = Awaited<ReturnType<typeof createPlugin>>;
