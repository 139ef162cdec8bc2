import { namesText } from '../names-text.ts';
import { createNewPolicy } from '../new-verdict.ts';
import type { Comparison } from '../report/compare-cluster.ts';
import { otherAccounts } from '../report/make-report.ts';
import { namespacePolicyOf } from './namespace-policy.ts';
import { permitsOf } from './permits.ts';
import type { NamespacePermits, PermitStep } from './permits.ts';
import { planPage } from './plan-page.ts';
import {
  apartScript,
  backScript,
  finishScript,
  nodeScript,
  permitsScript,
  togetherScript,
} from './scripts.ts';
import { agentValues, ceilingOf, serverValues } from './values-files.ts';
import type { ValuesInput } from './values-files.ts';

/** A file of the plan. */
export interface PlanFile {
  readonly name: string;
  readonly text: string;
}

/** Something that the plan leaves to the user. */
export interface PlanNote {
  readonly about: string;
  readonly what: string;
}

export interface Plan {
  readonly files: readonly PlanFile[];
  readonly notes: readonly PlanNote[];
}

export type PlanInput = Omit<ValuesInput, 'otherAccounts' | 'software'> & {
  readonly comparison: Comparison;
  /** Whether the cluster has the other old system too, which needs a plan of its own. */
  readonly hasOther: boolean;
  /** Why the values of the old release are not known; undefined if they are. */
  readonly withoutValues: string | undefined;
};

/** Roles that a note names. */
const MOST_NAMES = 5;

/** What is to be applied for a move, in which order, and back. The same cluster gives the same plan. */
export function makePlan({ comparison, hasOther, withoutValues, ...known }: PlanInput): Plan {
  const { programs, rules, translated } = known;
  const accounts = otherAccounts(comparison.byNamespace);
  const input: ValuesInput = { ...known, otherAccounts: accounts, software: comparison.software };
  const { steps, notes: permitNotes } = permitSteps(comparison, input, hasOther);
  const other = rules.kind === 'kiam' ? 'kube2iam' : 'kiam';
  const notes = [
    ...(hasOther
      ? [
          {
            about: other,
            what: `it runs too: make its plan as well, with --from ${other} and another --folder, and run both permits.sh before the first node moves`,
          },
        ]
      : []),
    ...permitNotes,
    ...comparison.incomplete.map((what) => ({ about: 'not read', what })),
    ...(withoutValues === undefined ? [] : [{ about: 'values of the old release', what: withoutValues }]),
    ...(translated.needless.length === 0
      ? []
      : [{ about: 'values that are not needed any more', what: translated.needless.join(', ') }]),
    ...translated.notes.map(({ path, why }) => ({ about: path, what: why })),
  ];
  const agents = programs.filter(({ part }) => part === 'agent');
  const { policy, why } = namespacePolicyOf(rules, steps);
  const server = serverValues({ ...input, namespacePolicy: policy });
  const files = [
    {
      name: 'plan.md',
      text: planPage({
        rules,
        programs,
        steps,
        notes,
        hasIdentity: /^credentials:/m.test(server),
        permitting: why,
        isAudited: policy === 'audit',
      }),
    },
    { name: 'server-values.yaml', text: server },
    { name: 'agent-values.yaml', text: agentValues(input) },
    { name: 'permits.sh', text: permitsScript(steps) },
    { name: 'keep-apart.sh', text: apartScript(agents) },
    { name: 'node.sh', text: nodeScript(agents) },
    { name: 'back.sh', text: backScript(agents) },
    { name: 'together.sh', text: togetherScript(agents) },
    { name: 'finish.sh', text: finishScript(steps, programs) },
  ];
  return { files, notes };
}

function permitSteps(
  { byNamespace, annotations }: Comparison,
  { rules, baseArn, otherAccounts: accounts }: ValuesInput,
  hasOther: boolean,
) {
  const policy = createNewPolicy({ baseArn, defaultRole: undefined, ceilings: ceilingOf(baseArn, accounts) });
  const steps: PermitStep[] = [];
  const notes: PlanNote[] = [];
  for (const { name, roles } of byNamespace) {
    const permits = permitsOf(name, annotations.get(name) ?? {}, roles, { rules, hasOther, policy, baseArn });
    steps.push(...permits.steps);
    if (permits.unresolved.length > 0)
      notes.push({
        about: name,
        what: unresolvedText(permits),
      });
  }
  return { steps, notes };
}

function unresolvedText({ steps, unresolved }: NamespacePermits): string {
  const which = namesText(unresolved.slice(0, MOST_NAMES), unresolved.length);
  return steps.length === 0
    ? `no annotation can permit exactly ${which}; permit them by a pattern`
    : `these roles cannot be permitted: ${which}`;
}
