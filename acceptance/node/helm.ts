import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf, runCommand } from '@rolegate/testing';

const charts = fileURLToPath(new URL('../../charts', import.meta.url));
const CALL_WITHIN_MS = 60_000;
/** Its Pods have to start, and `uninstall` waits for the hooks of a chart. */
const LONG_WITHIN_MS = 180_000;

export type ChartName = 'server' | 'agent';
export type Values = Readonly<Record<string, unknown>>;
/** The second keeps the defaults of the former chart too. */
export type ReuseFlag = '--reset-then-reuse-values' | '--reuse-values';

/** The release of a chart goes by this name. */
const releaseOf = (chart: ChartName) => `rolegate-${chart}`;

/** helm with one kubeconfig, in one Namespace. What fails rejects with what helm said. Charts are this version's if not named. */
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
    /** Waits for nothing. */
    install: (chart: ChartName, values: Values, from?: string) =>
      withValues(['install'], { chart, values, from }),
    /** Installs it where it is not there. */
    upgrade: (chart: ChartName, values: Values, from?: string) =>
      withValues(['upgrade', '--install'], { chart, values, from }),
    /** With values of the release that is there, as the flag says, and these instead of what it has. */
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
    /** Runs the chart's test Pods; what these wrote comes with the fault. */
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
