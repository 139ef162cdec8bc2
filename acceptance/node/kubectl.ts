import { outputOf, run } from './run.ts';
import type { Ended } from './run.ts';

const CALL_WITHIN_MS = 30_000;

/** kubectl with one kubeconfig. What fails rejects with what kubectl said, but for `exec`. */
export function createKubectl({ kubeconfig }: { kubeconfig: string }) {
  const command = (args: readonly string[]) => ['kubectl', `--kubeconfig=${kubeconfig}`, ...args];
  const call = (args: readonly string[], options?: { input?: string; withinMs?: number }) =>
    outputOf(command(args), { withinMs: CALL_WITHIN_MS, ...options });

  return {
    call,
    json: async (...args: string[]): Promise<unknown> => JSON.parse(await call([...args, '-o', 'json'])),
    apply: (objects: readonly object[]) =>
      call(['apply', '-f', '-'], {
        input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
        withinMs: 60_000,
      }),
    applyFile: (path: string) => call(['apply', '-f', path]),
    rollout: (what: string, namespace: string, seconds = 120) =>
      call(['-n', namespace, 'rollout', 'status', what, `--timeout=${seconds}s`], {
        withinMs: (seconds + 10) * 1000,
      }),
    waitFor: (condition: string, what: readonly string[], seconds = 60) =>
      call(['wait', `--for=${condition}`, ...what, `--timeout=${seconds}s`], {
        withinMs: (seconds + 10) * 1000,
      }),
    /** Gone, or never there. */
    remove: (...what: string[]) =>
      call(['delete', '--ignore-not-found', '--timeout=90s', ...what], { withinMs: 100_000 }),
    /** A program in a running Pod, whatever its exit code. */
    exec: (
      namespace: string,
      pod: string,
      args: readonly string[],
      withinMs = CALL_WITHIN_MS,
    ): Promise<Ended> => run(command(['-n', namespace, 'exec', pod, '--', ...args]), { withinMs }),
  };
}

export type Kubectl = ReturnType<typeof createKubectl>;
