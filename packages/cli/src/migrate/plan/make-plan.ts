import { createNewPolicy } from '../new-verdict.ts';
import type { Comparison } from '../report/compare-cluster.ts';
import { otherAccounts } from '../report/make-report.ts';
import { permitsOf } from './permits.ts';
import type { PermitStep } from './permits.ts';
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
  /** Why the values of the old release are not known; undefined if they are. */
  readonly withoutValues: string | undefined;
};

/** The most roles of a Namespace that are compared; see the tally. */
const MOST_ROLES = 500;

/** What is to be applied for a move, in which order, and back. The same cluster gives the same plan. */
export function makePlan({ comparison, withoutValues, ...known }: PlanInput): Plan {
  const { programs, rules, translated } = known;
  const accounts = otherAccounts(comparison.byNamespace);
  const input: ValuesInput = { ...known, otherAccounts: accounts, software: comparison.software };
  const { steps, notes: permitNotes } = permitSteps(comparison, input);
  const notes = [
    ...permitNotes,
    ...comparison.incomplete.map((what) => ({ about: 'not read', what })),
    ...(withoutValues === undefined ? [] : [{ about: 'values of the old release', what: withoutValues }]),
    ...(translated.needless.length === 0
      ? []
      : [{ about: 'values that are not needed any more', what: translated.needless.join(', ') }]),
    ...translated.notes.map(({ path, why }) => ({ about: path, what: why })),
  ];
  const agents = programs.filter(({ part }) => part === 'agent');
  const server = serverValues(input);
  const files = [
    {
      name: 'plan.md',
      text: planPage({ rules, programs, steps, notes, hasIdentity: /^credentials:/m.test(server) }),
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
) {
  const policy = createNewPolicy({ baseArn, defaultRole: undefined, ceilings: ceilingOf(baseArn, accounts) });
  const steps: PermitStep[] = [];
  const notes: PlanNote[] = [];
  for (const { name, roles } of byNamespace) {
    const permits = permitsOf(name, annotations.get(name) ?? {}, roles, { rules, policy, baseArn });
    steps.push(...permits.steps);
    if (permits.unresolved.length > 0)
      notes.push({
        about: name,
        what: `these roles cannot be permitted: ${permits.unresolved.slice(0, 5).join(', ')}`,
      });
    if (roles.length >= MOST_ROLES)
      notes.push({
        about: name,
        what: `its Pods have more than ${MOST_ROLES} roles; make the plan again after permits.sh`,
      });
  }
  return { steps, notes };
}
