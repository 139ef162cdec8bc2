import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram } from '@rolegate/testing';
import { run } from './run-program.ts';
import type { Ran } from './run-program.ts';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const chartNames = ['server', 'agent'] as const;
export type ChartName = (typeof chartNames)[number];

/** Fixed, so that renderings do not depend on the machine's helm. The test cluster has this version. */
const KUBE_VERSION = '1.34.0';
/** An API that the test cluster has and helm does not assume. The templates look for it. */
export const MUTATING_POLICY = 'admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicy';
export const NAMESPACE = 'rolegate';

/** helm from HELM or PATH, if any. */
export const helm = findProgram({ name: 'helm', variable: 'HELM' });

export interface ValueSet {
  readonly chart: ChartName;
  /** `minimal` of `ci/minimal-values.yaml`. */
  readonly name: string;
  readonly valuesFile: string;
  readonly goldenFile: string;
}

export const chartFolder = (chart: ChartName) => join(root, 'charts', chart);

/** Every `charts/<chart>/ci/<name>-values.yaml` with the path of its rendering. */
export function valueSets(): ValueSet[] {
  const ending = '-values.yaml';
  return chartNames.flatMap((chart) => {
    const folder = join(chartFolder(chart), 'ci');
    const files = readdirSync(folder).filter((file) => file.endsWith(ending));
    return files.sort().map((file) => {
      const name = basename(file, ending);
      const goldenFile = join(chartFolder(chart), 'golden', `${name}.yaml`);
      return { chart, name, valuesFile: join(folder, file), goldenFile };
    });
  });
}

/** The values file with only the required values. */
export const minimalValues = (chart: ChartName) => join(chartFolder(chart), 'ci/minimal-values.yaml');

/**
 * Renders a chart under its usual release name, without a cluster. `values` override the files. `from` is an archive of the chart; by
 * default, the chart in the repository is rendered. `apis` are those of the cluster that helm does not assume.
 */
export function render({
  chart,
  from: source = chartFolder(chart),
  files = [],
  values = {},
  apis = [MUTATING_POLICY],
}: {
  readonly chart: ChartName;
  readonly from?: string;
  readonly files?: readonly string[];
  readonly values?: object;
  readonly apis?: readonly string[];
}): Ran {
  const words = ['template', `rolegate-${chart}`, source, '--namespace', NAMESPACE];
  const from = [...files, '-'].flatMap((file) => ['--values', file]);
  const cluster = ['--kube-version', KUBE_VERSION, ...apis.flatMap((api) => ['--api-versions', api])];
  return runHelm([...words, ...cluster, ...from], JSON.stringify(values));
}

/** `helm lint --strict`. */
export function lint({ chart, valuesFile }: ValueSet): Ran {
  const words = ['lint', '--strict', '--namespace', NAMESPACE, '--kube-version', KUBE_VERSION];
  return runHelm([...words, '--values', valuesFile, chartFolder(chart)]);
}

/** The text of a rendering. Throws with the output of helm. */
export function rendered(options: Parameters<typeof render>[0]): string {
  const { code, stdout, stderr } = render(options);
  if (code !== 0) throw new Error(`helm template charts/${options.chart}: ${stderr}`);
  return stdout;
}

function runHelm(args: readonly string[], input = ''): Ran {
  if (helm === undefined) throw new Error('helm not found; install it or set HELM');
  return run(helm, args, input);
}
