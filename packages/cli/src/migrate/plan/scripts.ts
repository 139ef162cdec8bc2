import type { OldProgram } from '../release/old-program.ts';
import { apart, together } from './keep-apart.ts';
import type { PermitStep } from './permits.ts';
import { shellWord } from './shell.ts';
import { AGENT_LABEL } from './values-files.ts';

const AGENTS = 'app.kubernetes.io/instance=rolegate-agent,app.kubernetes.io/component=agent';
const BACK = 'app.kubernetes.io/instance=rolegate-back';

/** `set -e` ends a script whose query fails, so that no answer is never taken for no Pod. */
const AWAIT = `# await some|none COMMAND...: waits up to two minutes until the command prints something, or nothing.
await() {
  want=$1
  shift
  left=120
  while :; do
    found=$("$@")
    case $want in
      some) [ -z "$found" ] || return 0 ;;
      none) [ -n "$found" ] || return 0 ;;
    esac
    left=$((left - 1))
    if [ "$left" -eq 0 ]; then
      echo "gave up after two minutes: $*" >&2
      return 1
    fi
    sleep 1
  done
}
`;

function script(about: string, body: string): string {
  return `#!/bin/sh\n${about
    .split('\n')
    .map((line) => `# ${line}\n`)
    .join('')}set -eu\n\n${body}`;
}

/** Writes annotations of Namespaces. Running it again changes nothing. */
export function permitsScript(steps: readonly PermitStep[]): string {
  const before = steps.filter(({ when }) => when === 'before');
  const lines =
    before.length === 0 ? 'echo "no Namespace needs another annotation"\n' : before.map(annotate).join('');
  return script('Permits exactly the roles that Pods have now, where that is missing.', lines);
}

function annotate({ namespace, key, value }: PermitStep): string {
  const change = value === undefined ? `${key}-` : `${key}=${value}`;
  return `kubectl annotate namespace ${shellWord(namespace)} --overwrite ${shellWord(change)}\n`;
}

/** Keeps the old agents off nodes that have moved. */
export function apartScript(agents: readonly OldProgram[]): string {
  return script(
    `Keeps the old agents off nodes with the label ${AGENT_LABEL}. No node has it yet, so nothing moves.\nThe next helm upgrade of the old release undoes it unless its values have the same affinity.`,
    agents.map((agent) => patch(agent, apart(agent.affinity))).join(''),
  );
}

function patch({ namespace, name, kind }: OldProgram, affinity: object | null): string {
  const merge = JSON.stringify({ spec: { template: { spec: { affinity } } } });
  return `kubectl -n ${shellWord(namespace)} patch ${kind.toLowerCase()} ${shellWord(name)} --type merge -p ${shellWord(merge)}\n`;
}

/** Moves nodes one by one. A node that has moved already is only checked. */
export function nodeScript(agents: readonly OldProgram[]): string {
  return script(
    'Moves nodes: sh node.sh NODE...\nA node that has moved is only checked. For a few seconds Pods of the node are refused; SDKs retry.',
    `${AWAIT}
for node in "$@"; do
  kubectl label node "$node" ${AGENT_LABEL}=true --overwrite
${agents.map((agent) => `  ${waitFor('none', agent)}`).join('')}  await some ${running('rolegate', AGENTS, '-o name')}
  kubectl -n rolegate wait pod --for=condition=Ready --timeout=120s -l ${AGENTS} --field-selector "spec.nodeName=$node"
  pod=$(${running('rolegate', AGENTS, '-o name')})
  refused=unknown
  if log=$(kubectl -n rolegate logs "$pod" -c agent --since=10m); then
    refused=$(printf '%s\\n' "$log" | grep -c '"request refused"' || true)
  fi
  echo "$node: moved; requests refused in the last ten minutes: $refused"
done
`,
  );
}

function waitFor(want: 'some' | 'none', { namespace, selector }: OldProgram): string {
  return `await ${want} ${running(shellWord(namespace), shellWord(selector), '-o name')}\n`;
}

function running(namespace: string, selector: string, output: string): string {
  return `kubectl -n ${namespace} get pod -l ${selector} --field-selector "spec.nodeName=$node" ${output}`;
}

/** Moves nodes back. */
export function backScript(agents: readonly OldProgram[]): string {
  return script(
    'Moves nodes back: sh back.sh NODE...\nIt needs the release rolegate-back, which removes the rules (plan.md).\nUntil the rules of the old agent are installed, only IMDSv2 and hop limit 1 keep Pods from the role of the node.',
    `${AWAIT}
for node in "$@"; do
  kubectl label node "$node" ${AGENT_LABEL}=leaving --overwrite
  await none ${running('rolegate', AGENTS, '-o name')}
  kubectl label node "$node" ${AGENT_LABEL}=uninstall --overwrite
  await some ${running('rolegate', BACK, '-o name')}
  kubectl -n rolegate wait pod --for=condition=Ready --timeout=120s -l ${BACK} --field-selector "spec.nodeName=$node"
  kubectl label node "$node" ${AGENT_LABEL}-
${agents.map((agent) => `  ${waitFor('some', agent)}`).join('')}  echo "$node: moved back"
done
`,
  );
}

/** Ends the move, once every node has moved. */
export function finishScript(steps: readonly PermitStep[], programs: readonly OldProgram[]): string {
  const late = steps.filter(({ when }) => when === 'finish');
  return script(
    'Ends the move, once every node has moved: enforces permits, puts agents on every node, removes the old system.\nR is the registry of the charts.',
    `left=$(kubectl get nodes -l '${AGENT_LABEL}!=true' -o name)
if [ -n "$left" ]; then
  echo "not moved yet: $left" >&2
  exit 1
fi
${late.map(annotate).join('')}helm -n rolegate upgrade rolegate-server "oci://$R/charts/rolegate-server" --reset-then-reuse-values \\
  --set roles.namespacePolicy=enforce --wait
helm -n rolegate upgrade rolegate-agent "oci://$R/charts/rolegate-agent" --reset-then-reuse-values \\
  --set 'nodeSelector.rolegate\\.dev/agent=null'
helm -n rolegate uninstall rolegate-back --ignore-not-found
${removals(programs).join('')}`,
  );
}

function removals(programs: readonly OldProgram[]): readonly string[] {
  const lines = programs.map(({ release, namespace, name, kind }) =>
    release === undefined
      ? `kubectl -n ${shellWord(namespace)} delete ${kind.toLowerCase()} ${shellWord(name)} --ignore-not-found\n`
      : `helm -n ${shellWord(release.namespace)} uninstall ${shellWord(release.name)} --ignore-not-found\n`,
  );
  return [...new Set(lines)];
}

/** Lets the old agents on every node again, after all nodes have moved back. */
export function togetherScript(agents: readonly OldProgram[]): string {
  return script(
    'Lets the old agents on every node again, after the last node has moved back.',
    agents.map((agent) => patch(agent, together(agent.affinity))).join(''),
  );
}
