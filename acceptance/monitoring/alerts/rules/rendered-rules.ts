import { fileURLToPath } from 'node:url';
import { outputOf } from '@rolegate/testing';
import { parseAllDocuments } from 'yaml';
import type { RuleGroup } from './shorten.ts';

const CHARTS = fileURLToPath(new URL('../../../../charts', import.meta.url));
const NAMES = ['server', 'agent'] as const;

interface Manifest {
  readonly kind?: string;
  readonly spec?: { readonly groups?: readonly RuleGroup[] };
}

/** The rules of the PrometheusRules that helm renders from the charts. `helm`: the path of the program. */
export async function renderRules(helm: string): Promise<RuleGroup[]> {
  const groups: RuleGroup[] = [];
  for (const name of NAMES) {
    const words = [
      'template',
      `rolegate-${name}`,
      `${CHARTS}/${name}`,
      '--set',
      'prometheusRule.enabled=true',
    ];
    const values = `${CHARTS}/${name}/ci/minimal-values.yaml`;
    const text = await outputOf([helm, ...words, '--values', values], { env: process.env });
    groups.push(...groupsOf(text));
  }
  return groups;
}

/** The rules of all PrometheusRules in a rendering. Throws if there are none. */
function groupsOf(rendering: string): RuleGroup[] {
  const manifests = parseAllDocuments(rendering).map((document) => document.toJS() as Manifest | null);
  const groups = manifests.flatMap((manifest) =>
    manifest?.kind === 'PrometheusRule' ? (manifest.spec?.groups ?? []) : [],
  );
  if (groups.length === 0) throw new Error('the chart renders no PrometheusRule');
  return groups;
}
