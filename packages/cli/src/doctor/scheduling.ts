import type { V1DaemonSet, V1Node } from '../answers/objects.ts';
import { fullName } from './cluster.ts';

/** Labels of nodes on which no agent can run. */
const FARGATE = 'eks.amazonaws.com/compute-type';
const LIQO = 'liqo.io/type';
const TYPE = 'type';
const OS = 'kubernetes.io/os';
const VIRTUAL = ['virtual-kubelet', 'kwok'];
/** The DaemonSet controller adds tolerations for taints that begin so (Kubernetes, "Taints and tolerations"). */
const TOLERATED = 'node.kubernetes.io/';

/** The labels of a node that decide whether an agent runs there. */
export function schedulingLabels(daemonSets: readonly V1DaemonSet[]): ReadonlySet<string> {
  const pods = daemonSets.map(({ spec }) => spec?.template.spec);
  const selected = pods.flatMap((pod) => Object.keys(pod?.nodeSelector ?? {}));
  const required = pods
    .flatMap((pod) => termsOf(pod))
    .flatMap(({ matchExpressions = [] }) => matchExpressions.map(({ key }) => key));
  return new Set([FARGATE, LIQO, TYPE, OS, ...selected, ...required]);
}

/** Why no agent can run on the node, however it is installed; undefined: one can. */
export function outsideOf({ metadata }: V1Node): string | undefined {
  const labels = metadata?.labels ?? {};
  if (labels[FARGATE] === 'fargate') return 'it is a Fargate node';
  if (VIRTUAL.includes(labels[TYPE] ?? '') || labels[LIQO] === 'virtual-node') return 'it is a virtual node';
  const os = labels[OS];
  return os !== undefined && os !== 'linux' ? `its operating system is ${os}` : undefined;
}

/** Why the DaemonSets have no Pod on the node, by their selectors and tolerations; undefined: they should have one. */
export function excludedBy(node: V1Node, daemonSets: readonly V1DaemonSet[]): string | undefined {
  const reasons = daemonSets.map((daemonSet) => reasonOf(node, daemonSet));
  if (reasons.length === 0 || reasons.includes(undefined)) return undefined;
  return daemonSets
    .map((daemonSet, at) => `DaemonSet ${fullName(daemonSet)}: ${reasons[at] ?? ''}`)
    .join('; ');
}

function reasonOf(node: V1Node, { spec }: V1DaemonSet): string | undefined {
  const pod = spec?.template.spec;
  return (
    byNodeSelector(node, pod?.nodeSelector ?? {}) ?? byAffinity(node, termsOf(pod)) ?? byTaints(node, pod)
  );
}

function byNodeSelector(
  { metadata }: V1Node,
  selector: Readonly<Record<string, string>>,
): string | undefined {
  const missing = Object.entries(selector).find(([key, value]) => metadata?.labels?.[key] !== value);
  return missing && `its nodeSelector wants the label ${missing.join('=')}`;
}

type PodTemplate = NonNullable<V1DaemonSet['spec']>['template']['spec'];
type Term = NonNullable<ReturnType<typeof termsOf>>[number];
type Expression = NonNullable<Term['matchExpressions']>[number];

function termsOf(pod: PodTemplate) {
  return pod?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
}

/** One term must match, in all its expressions. */
function byAffinity(node: V1Node, terms: readonly Term[]): string | undefined {
  const failed = terms.map(({ matchExpressions = [] }) =>
    matchExpressions.find((expression) => !matches(node, expression)),
  );
  if (failed.length === 0 || failed.includes(undefined)) return undefined;
  const { key, operator, values = [] } = failed[0] ?? { key: '', operator: '' };
  return `its affinity wants ${[key, operator, values.join(',')].join(' ').trim()}`;
}

function matches({ metadata }: V1Node, { key, operator, values = [] }: Expression): boolean {
  const value = metadata?.labels?.[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return Number(value) > Number(values[0]);
    case 'Lt':
      return Number(value) < Number(values[0]);
    default:
      return true;
  }
}

function byTaints({ spec }: V1Node, pod: PodTemplate): string | undefined {
  const taint = (spec?.taints ?? []).find(
    ({ key, value, effect }) =>
      (effect === 'NoSchedule' || effect === 'NoExecute') &&
      !key.startsWith(TOLERATED) &&
      !(pod?.tolerations ?? []).some(
        (toleration) =>
          [undefined, '', effect].includes(toleration.effect) &&
          (toleration.operator === 'Exists'
            ? [undefined, '', key].includes(toleration.key)
            : toleration.key === key && (toleration.value ?? '') === (value ?? '')),
      ),
  );
  return taint && `it does not tolerate the taint ${taint.key}:${taint.effect}`;
}
