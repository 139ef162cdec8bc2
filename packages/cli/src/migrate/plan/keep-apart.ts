import { record } from '@rolegate/runtime';
import { OWN_STRATEGY } from '../release/old-program.ts';
import type { OldProgram } from '../release/old-program.ts';
import { AGENT_LABEL } from './values-files.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';

/** A merge patch that keeps old agents off nodes with Rolegate's label. It replaces no Pod on other nodes. */
export function apartPatch({ affinity, updateStrategy }: OldProgram): object {
  const template = { spec: { affinity: apart(affinity) } };
  if (updateStrategy['type'] !== ROLLING) return { spec: { template } };
  return {
    metadata: { annotations: { [OWN_STRATEGY]: JSON.stringify(updateStrategy) } },
    spec: { updateStrategy: { type: 'OnDelete', rollingUpdate: null }, template },
  };
}

/** A merge patch after which the DaemonSet is as it was before. */
export function togetherPatch({ affinity, updateStrategy }: OldProgram): object {
  const template = { spec: { affinity: together(affinity) } };
  if (updateStrategy['type'] !== ROLLING) return { spec: { template } };
  return { metadata: { annotations: { [OWN_STRATEGY]: null } }, spec: { updateStrategy, template } };
}

const ROLLING = 'RollingUpdate';

/** The affinity that keeps the old agent off nodes with Rolegate's label, in addition to what it has. */
export function apart(affinity: OldProgram['affinity']): object {
  const nodeAffinity = record(affinity?.['nodeAffinity']);
  const terms = record(nodeAffinity[REQUIRED])['nodeSelectorTerms'];
  const given = Array.isArray(terms) && terms.length > 0 ? terms.map(record) : [{}];
  return {
    ...affinity,
    nodeAffinity: {
      ...nodeAffinity,
      // A node needs to match one term only, so each gets the condition.
      [REQUIRED]: {
        nodeSelectorTerms: given.map((term) => ({ ...term, matchExpressions: [...withoutLabel(term), OFF] })),
      },
    },
  };
}

/** The affinity as it was before: without the condition. Null if nothing is left. */
export function together(affinity: OldProgram['affinity']): object | null {
  const nodeAffinity = record(affinity?.['nodeAffinity']);
  const terms = record(nodeAffinity[REQUIRED])['nodeSelectorTerms'];
  const given = (Array.isArray(terms) ? terms.map(record) : [])
    .map((term) => without(term, 'matchExpressions', withoutLabel(term)))
    .filter((term) => Object.keys(term).length > 0);
  const required = given.length === 0 ? undefined : { nodeSelectorTerms: given };
  const inner = without(nodeAffinity, REQUIRED, required);
  const whole = without(
    record(affinity),
    'nodeAffinity',
    Object.keys(inner).length === 0 ? undefined : inner,
  );
  return Object.keys(whole).length === 0 ? null : whole;
}

const OFF = { key: AGENT_LABEL, operator: 'DoesNotExist' };

function withoutLabel(term: Record<string, unknown>): readonly unknown[] {
  const expressions = term['matchExpressions'];
  return Array.isArray(expressions) ? expressions.filter((each) => record(each)['key'] !== AGENT_LABEL) : [];
}

/** The object with another value at the key, or without it if there is no value. */
function without(
  object: Record<string, unknown>,
  key: string,
  value: object | undefined,
): Record<string, unknown> {
  const others = Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
  const isEmpty = value === undefined || (Array.isArray(value) && value.length === 0);
  return isEmpty ? others : { ...others, [key]: value };
}
