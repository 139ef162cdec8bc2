import { outputOf, runCommand } from '@rolegate/testing';
import type { CommandResult } from '@rolegate/testing';

const CALL_WITHIN_MS = 30_000;

/** Runs kubectl. Except for `exec`, errors contain its output. */
export function createKubectl({ kubeconfig }: { kubeconfig: string }) {
  const command = (args: readonly string[]) => ['kubectl', `--kubeconfig=${kubeconfig}`, ...args];
  const call = (args: readonly string[], options?: { input?: string; timeoutMs?: number }) =>
    outputOf(command(args), { env: process.env, timeoutMs: CALL_WITHIN_MS, ...options });

  return {
    call,
    json: async (...args: string[]): Promise<unknown> => JSON.parse(await call([...args, '-o', 'json'])),
    apply: (objects: readonly object[]) =>
      call(['apply', '-f', '-'], {
        input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
        timeoutMs: 60_000,
      }),
    applyFile: (path: string) => call(['apply', '-f', path]),
    rollout: (what: string, namespace: string, seconds = 120) =>
      call(['-n', namespace, 'rollout', 'status', what, `--timeout=${seconds}s`], {
        timeoutMs: (seconds + 10) * 1000,
      }),
    waitFor: (condition: string, what: readonly string[], seconds = 60) =>
      call(['wait', `--for=${condition}`, ...what, `--timeout=${seconds}s`], {
        timeoutMs: (seconds + 10) * 1000,
      }),
    /** Succeeds if the object does not exist. */
    remove: (...what: string[]) =>
      call(['delete', '--ignore-not-found', '--timeout=90s', ...what], { timeoutMs: 100_000 }),
    /** Runs a program in a Pod. Any exit code is a result. */
    exec: (
      namespace: string,
      pod: string,
      args: readonly string[],
      timeoutMs = CALL_WITHIN_MS,
    ): Promise<CommandResult> =>
      runCommand(command(['-n', namespace, 'exec', pod, '--', ...args]), { env: process.env, timeoutMs }),
  };
}

export type Kubectl = ReturnType<typeof createKubectl>;
