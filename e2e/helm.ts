import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf, run } from './run.ts';

const charts = join(dirname(dirname(fileURLToPath(import.meta.url))), 'charts');
const CALL_WITHIN_MS = 60_000;
/** Its Pods have to start, and `uninstall` waits for the hooks of a chart. */
const LONG_WITHIN_MS = 180_000;

export type ChartName = 'server' | 'agent';
export type Values = Readonly<Record<string, unknown>>;

/** The release of a chart goes by this name. */
const releaseOf = (chart: ChartName) => `rolegate-${chart}`;

/** helm with one kubeconfig, in one Namespace. What fails rejects with what helm said. */
export function createHelm({ kubeconfig, namespace }: { kubeconfig: string; namespace: string }) {
  const command = (args: readonly string[]) => [
    ...['helm', '--kubeconfig', kubeconfig, '--namespace', namespace],
    ...args,
  ];
  const withValues = (verb: readonly string[], chart: ChartName, values: Values) =>
    outputOf(command([...verb, releaseOf(chart), join(charts, chart), '--values', '-']), {
      input: JSON.stringify(values),
      withinMs: CALL_WITHIN_MS,
    });

  return {
    /** Waits for nothing. */
    install: (chart: ChartName, values: Values) => withValues(['install'], chart, values),
    /** Installs it where it is not there. */
    upgrade: (chart: ChartName, values: Values) => withValues(['upgrade', '--install'], chart, values),
    uninstall: (chart: ChartName) =>
      outputOf(
        command(['uninstall', releaseOf(chart), '--ignore-not-found', '--wait', '--timeout', '150s']),
        {
          withinMs: LONG_WITHIN_MS,
        },
      ),
    /** Runs the chart's test Pods; what these wrote comes with the fault. */
    async test(chart: ChartName): Promise<string> {
      const words = ['test', releaseOf(chart), '--logs', '--timeout', '120s'];
      const { code, stdout, stderr } = await run(command(words), { withinMs: LONG_WITHIN_MS });
      if (code !== 0) throw new Error(`helm test: ${stdout}${stderr}`);
      return stdout;
    },
  };
}

export type Helm = ReturnType<typeof createHelm>;
