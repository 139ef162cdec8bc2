import { outputOf, runCommand } from '@rolegate/testing';
import type { ChartName, Charts } from './charts.ts';

const CALL_WITHIN_MS = 60_000;
/** `test` starts Pods, and `uninstall` waits for the chart's hooks. */
const LONG_WITHIN_MS = 180_000;

export type Values = Readonly<Record<string, unknown>>;
/** `--reuse-values` also keeps the defaults of the previous chart. */
export type ReuseFlag = '--reset-then-reuse-values' | '--reuse-values';

const releaseOf = (chart: ChartName) => `rolegate-${chart}`;

export interface HelmDeps {
  readonly kubeconfig: string;
  readonly namespace: string;
  /** By default. */
  readonly charts: Charts;
}

/** Runs helm in one Namespace. Errors contain helm's output. */
export function createHelm({ kubeconfig, namespace, charts }: HelmDeps) {
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
    { chart, values, from = charts }: { chart: ChartName; values: Values; from?: Charts | undefined },
  ) =>
    outputOf(command([...verb, releaseOf(chart), ...from.chart(chart), '--values', '-']), {
      env: process.env,
      input: JSON.stringify(values),
      timeoutMs: CALL_WITHIN_MS,
    });

  return {
    /** Does not wait for Pods. */
    install: (chart: ChartName, values: Values, from?: Charts) =>
      withValues(['install'], { chart, values, from }),
    /** Installs the chart if it is not installed. */
    upgrade: (chart: ChartName, values: Values, from?: Charts) =>
      withValues(['upgrade', '--install'], { chart, values, from }),
    /** Reuses the release's values as the flag says, except for the given ones. */
    upgradeReusing: (
      chart: ChartName,
      { flag, values, from }: { flag: ReuseFlag; values: Values; from?: Charts | undefined },
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
