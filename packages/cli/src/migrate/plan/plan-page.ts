import { markdownCode, markdownText } from '../markdown.ts';
import type { OldRules } from '../old-rules/old-system.ts';
import type { OldProgram } from '../release/old-program.ts';
import { describeProgram } from '../release/old-program.ts';
import type { PermitStep } from './permits.ts';
import type { PlanNote } from './make-plan.ts';
import { AGENT_LABEL } from './values-files.ts';

export interface PlanPageInput {
  readonly rules: OldRules;
  readonly programs: readonly OldProgram[];
  readonly steps: readonly PermitStep[];
  readonly notes: readonly PlanNote[];
  readonly hasIdentity: boolean;
  /** What the server permits during the move, in sentences. */
  readonly permitting: string;
  readonly isAudited: boolean;
}

/** The page that says in which order the files are used. */
export function planPage(input: PlanPageInput): string {
  const { rules, programs, steps, notes, hasIdentity, permitting, isAudited } = input;
  const namespaces = new Set(steps.map(({ namespace }) => namespace)).size;
  const old = programs.map(describeProgram).join(', ');
  return `# Moving from ${rules.kind} to Rolegate

${rules.kind}: ${old}. Make this plan again whenever something has changed: it then has only what is left to do.

\`\`\`sh
export R=REGISTRY # of the charts
\`\`\`

## Before

1. Set what the head of \`server-values.yaml\` asks for${hasIdentity ? '' : ', above all `credentials.source`'}, and look through both values files.
2. Add the server's role to the trust policies of the Pods' roles.
3. Permits: \`sh permits.sh\` (${namespaces} ${namespaces === 1 ? 'Namespace' : 'Namespaces'}; the old system does not notice).

## Install

\`\`\`sh
kubectl create namespace rolegate
kubectl label namespace rolegate pod-security.kubernetes.io/enforce=privileged
helm -n rolegate install rolegate-server "oci://$R/charts/rolegate-server" -f server-values.yaml --wait
sh keep-apart.sh
helm -n rolegate install rolegate-agent "oci://$R/charts/rolegate-agent" -f agent-values.yaml
\`\`\`

${permitting}

## Node by node

\`\`\`sh
sh node.sh NODE
kubectl rolegate logs --node NODE --since 10m
\`\`\`

For a few seconds, requests of the node's Pods are refused, and SDKs ask again. Go on with several nodes at once when the first
ones are well: \`sh node.sh NODE...\`

## Back

\`\`\`sh
helm -n rolegate install rolegate-back "oci://$R/charts/rolegate-agent" -f agent-values.yaml --set uninstall=true \\
  --set-string 'nodeSelector.rolegate\\.dev/agent=uninstall' # once
sh back.sh NODE
\`\`\`

On a node where no agent of ${rules.kind} ran before the move, \`back.sh\` waits for one for 20 seconds only, and says so. Without
one, Pods of the node can have its role, as before.

When the last node is back: \`sh together.sh\`, and uninstall the three releases.

## Finish

\`\`\`sh
sh finish.sh
\`\`\`

Only once ${isAudited ? '`rolegate_audit_refusals_total` does not rise any more' : 'Rolegate refuses nobody who should have a role (`kubectl rolegate logs --since 1h`)'}. It cannot be undone:
the old system is removed. Then remove the old system's role from the trust policies, and the label that has no use any more:
\`kubectl label nodes --all ${AGENT_LABEL}-\`
${notes.length === 0 ? '' : `\n## What this plan leaves to you\n\n${notes.map(({ about, what }) => `- ${markdownCode(about)}: ${markdownText(what)}\n`).join('')}`}`;
}
