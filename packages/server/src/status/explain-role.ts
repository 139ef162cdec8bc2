import { annotation } from '../annotations/annotations.ts';
import { valueOf } from '../policy/annotation-text.ts';
import type { Namespace, Pod } from '../kubernetes/objects/objects.ts';
import type { PermittingEntry, RoleFacts } from '../policy/decide.ts';
import type { ServerReadings } from './readings.ts';
import type { Pace } from './pace.ts';

/** The most Namespaces and characters of entries in an answer. */
const MOST_NAMESPACES = 1_000;
const MOST_CHARACTERS = 1024 * 1024;

/** Which Namespaces permit a role. Fields are only ever added. */
export interface RoleExplanation {
  /** Its ARN. */
  readonly role: string;
  /** Path/name under the base ARN, else the ARN. */
  readonly roleName: string;
  /** False: the lists of Namespaces and Pods are not complete yet. */
  readonly synced: boolean;
  readonly settings: {
    readonly roleBaseArn: string | undefined;
    readonly roleCeiling: readonly string[];
    /** `audit`: roles inside the ceiling are permitted in all Namespaces. */
    readonly namespacePolicy: string;
    readonly defaultRole: string | undefined;
  };
  /** Undefined: the base ARN is not known yet. */
  readonly insideCeiling: boolean | undefined;
  /** It is the `--default-role` of the server. */
  readonly isDefaultRole: boolean;
  /** Those whose rules permit it, whatever the ceiling is. */
  readonly namespaces: readonly PermittingNamespace[];
  /** Namespaces with rules that are not answered for, because time or room was not enough. */
  readonly leftOut: number;
}

export interface PermittingNamespace {
  readonly namespace: string;
  /** All entries of its annotations that permit the role. */
  readonly rules: readonly PermittingEntry[];
  /** The role is its default role. */
  readonly isDefaultRole: boolean;
  /** Pods there that have or request the role; undefined: time was not enough to count. */
  readonly pods: number | undefined;
}

/** Short rules come first: those that take long to match are the ones that time does not suffice for. */
export async function explainRole(
  facts: RoleFacts,
  readings: ServerReadings,
  pace: Pace,
): Promise<RoleExplanation> {
  const { config, cluster } = readings;
  const waiting = [...cluster.namespaces.values()].filter((each) => rulesLength(each) > 0);
  const found = await permittingOf(
    waiting.toSorted((a, b) => rulesLength(a) - rulesLength(b)),
    facts,
    pace,
  );
  const namespaces: PermittingNamespace[] = [];
  for (const each of found.permitting)
    namespaces.push({ ...each, pods: await podsOf(each.namespace, facts, readings, pace) });
  return {
    role: facts.roleArn,
    roleName: facts.roleName,
    synced: cluster.synced(),
    settings: {
      roleBaseArn: readings.roleBaseArn(),
      roleCeiling: config.roles.ceilings,
      namespacePolicy: config.roles.namespacePolicy,
      defaultRole: config.roles.defaultRole,
    },
    insideCeiling: facts.insideCeiling,
    isDefaultRole: facts.isDefaultRole,
    namespaces: namespaces.toSorted((a, b) => (a.namespace < b.namespace ? -1 : 1)),
    leftOut: found.leftOut,
  };
}

async function permittingOf(namespaces: readonly Namespace[], facts: RoleFacts, pace: Pace) {
  const permitting: Omit<PermittingNamespace, 'pods'>[] = [];
  let characters = 0;
  let leftOut = 0;
  for (const { name, annotations } of namespaces) {
    if (!(await pace.next())) {
      leftOut += 1;
      continue;
    }
    const { entries, isDefaultRole } = facts.inNamespace(name, annotations);
    if (entries.length === 0) continue;
    characters += entries.reduce((sum, { entry }) => sum + entry.length, 0);
    if (permitting.length < MOST_NAMESPACES && characters <= MOST_CHARACTERS)
      permitting.push({ namespace: name, rules: entries, isDefaultRole });
    else leftOut += 1;
  }
  return { permitting, leftOut };
}

async function podsOf(
  namespace: string,
  { roleArn, roleName }: RoleFacts,
  { cluster, decisions }: ServerReadings,
  pace: Pace,
): Promise<number | undefined> {
  const asks = (pod: Pod): boolean => {
    const { decision } = decisions.decide(pod).verdict;
    if (decision.kind === 'allow') return decision.roleArn === roleArn;
    return decision.kind === 'deny' && decision.roleName === roleName;
  };
  let count = 0;
  for (const pod of cluster.pods.inNamespace(namespace)) {
    if (!(await pace.next())) return undefined;
    if (!pod.ended && asks(pod)) count += 1;
  }
  return count;
}

/** Characters of the annotations that permit roles. */
function rulesLength({ annotations }: Namespace): number {
  return [annotation.permitted, annotation.allowedRoles].reduce((sum, key) => {
    const text = valueOf(annotations, key);
    return sum + (typeof text === 'string' ? text.length : 0);
  }, 0);
}
