import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf, runCommand } from '@rolegate/testing';

const charts = fileURLToPath(new URL('../../charts', import.meta.url));
const CALL_WITHIN_MS = 60_000;
/** `test` starts Pods, and `uninstall` waits for the chart's hooks. */
const LONG_WITHIN_MS = 180_000;

export type ChartName = 'server' | 'agent';
export type Values = Readonly<Record<string, unknown>>;
/** `--reuse-values` also keeps the defaults of the previous chart. */
export type ReuseFlag = '--reset-then-reuse-values' | '--reuse-values';

const releaseOf = (chart: ChartName) => `rolegate-${chart}`;

/** Runs helm in one Namespace. Errors contain helm's output. By default, charts are those of this repository. */
export function createHelm({ kubeconfig, namespace }: { kubeconfig: string; namespace: string }) {
  const command = (args: readonly string[]) => [
    'helm',
    '--kubeconfig',
    kubeconfig,
    '--namespace',
    namespace,
    ...args,
  ];
  const withValues = (
    verb: readonly string[],
    { chart, values, from = charts }: { chart: ChartName; values: Values; from?: string | undefined },
  ) =>
    outputOf(command([...verb, releaseOf(chart), join(from, chart), '--values', '-']), {
      env: process.env,
      input: JSON.stringify(values),
      timeoutMs: CALL_WITHIN_MS,
    });

  return {
    /** Does not wait for Pods. */
    install: (chart: ChartName, values: Values, from?: string) =>
      withValues(['install'], { chart, values, from }),
    /** Installs the chart if it is not installed. */
    upgrade: (chart: ChartName, values: Values, from?: string) =>
      withValues(['upgrade', '--install'], { chart, values, from }),
    /** Reuses the release's values as the flag says, except for the given ones. */
    upgradeReusing: (
      chart: ChartName,
      { flag, values, from }: { flag: ReuseFlag; values: Values; from?: string | undefined },
    ) => withValues(['upgrade', flag], { chart, values, from }),
    uninstall: (chart: ChartName) =>
      outputOf(
        command(['uninstall', releaseOf(chart), '--ignore-not-found', '--wait', '--timeout', '150s']),
        {
          env: process.env,
          timeoutMs: LONG_WITHIN_MS,
        },
      ),
    /** Runs the chart's test Pods and returns their logs. The error contains them too. */
    async test(chart: ChartName): Promise<string> {
      const words = ['test', releaseOf(chart), '--logs', '--timeout', '120s'];
      const { code, stdout, stderr } = await runCommand(command(words), {
        env: process.env,
        timeoutMs: LONG_WITHIN_MS,
      });
      if (code !== 0) throw new Error(`helm test: ${stdout}${stderr}`);
      return stdout;
    },
  };
}

export type Helm = ReturnType<typeof createHelm>;
