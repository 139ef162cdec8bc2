import { quoted } from '../../output/shell.ts';
import type { OldProgram } from '../release/old-program.ts';
import { apartPatch, togetherPatch } from './keep-apart.ts';
import type { PermitStep } from './permits.ts';
import { shellScript } from './shell.ts';
import { AGENT_LABEL } from './values-files.ts';

const AGENTS = 'app.kubernetes.io/instance=rolegate-agent,app.kubernetes.io/component=agent';
const BACK = 'app.kubernetes.io/instance=rolegate-back';

/** On nodes from which agents of the old system have moved away: which. */
const HAD_AGENT = 'rolegate.dev/old-agent';

/** A query that fails ends the script, so that no answer is never taken for no Pod. */
const AWAIT = `# await some|none SECONDS COMMAND...: waits until the command prints something, or nothing.
await() {
  want=$1
  seconds=$2
  left=$2
  shift 2
  while :; do
    found=$("$@") || return
    case $want in
      some) [ -z "$found" ] || return 0 ;;
      none) [ -n "$found" ] || return 0 ;;
    esac
    left=$((left - 1))
    if [ "$left" -eq 0 ]; then
      echo "gave up after $seconds seconds: $*" >&2
      return 124
    fi
    sleep 1
  done
}
`;

/** A new node can have one too, after some seconds. Agents without a readiness probe are ready as soon as they run. */
const AWAIT_OLD = `
# await_old NAMESPACE NAME SELECTOR: awaits that an old agent is ready. One that did not run on the node before may not belong there.
await_old() {
  agent=$1/$2
  limit=20
  case " $had " in *" $agent "*) limit=120 ;; esac
  came=0
  await some "$limit" kubectl -n "$1" get pod -l "$3" --field-selector "spec.nodeName=$node" -o name || came=$?
  if [ "$came:$limit" = 124:20 ]; then
    echo "$node: $agent did not run here before the move, and has not come" >&2
    return
  fi
  [ "$came" -eq 0 ] || return "$came"
  kubectl -n "$1" wait pod --for=condition=Ready --timeout=120s -l "$3" --field-selector "spec.nodeName=$node"
}
`;

/** Writes annotations of Namespaces. Running it again changes nothing. */
export function permitsScript(steps: readonly PermitStep[]): string {
  const before = steps.filter(({ when }) => when === 'before');
  const lines =
    before.length === 0 ? 'echo "no Namespace needs another annotation"\n' : before.map(annotate).join('');
  return shellScript('Permits exactly the roles that Pods have now, where that is missing.', lines);
}

function annotate({ namespace, key, value }: PermitStep): string {
  const change = value === undefined ? `${key}-` : `${key}=${value}`;
  return `kubectl annotate namespace ${quoted(namespace)} --overwrite ${quoted(change)}\n`;
}

/** Keeps the old agents off nodes that have moved. */
export function apartScript(agents: readonly OldProgram[]): string {
  return shellScript(
    `Keeps the old agents off nodes with the label ${AGENT_LABEL}. No node has it yet, so nothing moves.\nThe update strategy RollingUpdate becomes OnDelete until together.sh, so that no agent restarts.\nThe next helm upgrade of the old release undoes it unless its values have the same affinity.`,
    agents.map((agent) => patch(agent, apartPatch(agent))).join(''),
  );
}

function patch({ namespace, name, kind }: OldProgram, merge: object): string {
  return `kubectl -n ${quoted(namespace)} patch ${kind.toLowerCase()} ${quoted(name)} --type merge -p ${quoted(JSON.stringify(merge))}\n`;
}

/** Moves nodes one by one. A node that has moved already is only checked. */
export function nodeScript(agents: readonly OldProgram[]): string {
  return shellScript(
    'Moves nodes: sh node.sh NODE...\nA node that has moved is only checked. For a few seconds Pods of the node are refused; SDKs retry.',
    `${AWAIT}
for node in "$@"; do
  had=
${agents.map((agent) => `  found=$(${runningOld(agent)})\n  [ -z "$found" ] || had="$had "${nameOf(agent)}\n`).join('')}  [ -z "$had" ] || kubectl annotate node "$node" "${HAD_AGENT}=\${had# }" --overwrite
  kubectl label node "$node" ${AGENT_LABEL}=true --overwrite
${agents.map((agent) => `  await none 120 ${runningOld(agent)}\n`).join('')}  await some 120 ${running('rolegate', AGENTS, '-o name')}
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

function nameOf({ namespace, name }: OldProgram): string {
  return quoted(`${namespace}/${name}`);
}

function runningOld({ namespace, selector }: OldProgram): string {
  return running(quoted(namespace), quoted(selector), '-o name');
}

function running(namespace: string, selector: string, output: string): string {
  return `kubectl -n ${namespace} get pod -l ${selector} --field-selector "spec.nodeName=$node" ${output}`;
}

/** Moves nodes back. */
export function backScript(agents: readonly OldProgram[]): string {
  return shellScript(
    'Moves nodes back: sh back.sh NODE...\nIt needs the release rolegate-back, which removes the rules (plan.md).\nUntil the rules of the old agent are installed, only IMDSv2 and hop limit 1 keep Pods from the role of the node.',
    `${AWAIT}${AWAIT_OLD}
for node in "$@"; do
  had=$(kubectl get node "$node" -o 'jsonpath={.metadata.annotations.${HAD_AGENT.replaceAll('.', '\\.')}}')
  kubectl label node "$node" ${AGENT_LABEL}=leaving --overwrite
  await none 120 ${running('rolegate', AGENTS, '-o name')}
  kubectl label node "$node" ${AGENT_LABEL}=uninstall --overwrite
  await some 120 ${running('rolegate', BACK, '-o name')}
  kubectl -n rolegate wait pod --for=condition=Ready --timeout=120s -l ${BACK} --field-selector "spec.nodeName=$node"
  kubectl label node "$node" ${AGENT_LABEL}-
${agents.map(({ namespace, name, selector }) => `  await_old ${[namespace, name, selector].map(quoted).join(' ')}\n`).join('')}  [ -z "$had" ] || kubectl annotate node "$node" ${HAD_AGENT}-
  echo "$node: moved back"
done
`,
  );
}

/** Ends the move, once every node has moved. */
export function finishScript(steps: readonly PermitStep[], programs: readonly OldProgram[]): string {
  const late = steps.filter(({ when }) => when === 'finish');
  return shellScript(
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
kubectl annotate nodes --all ${HAD_AGENT}-
${removals(programs).join('')}`,
  );
}

function removals(programs: readonly OldProgram[]): readonly string[] {
  const lines = programs.map(({ release, namespace, name, kind }) =>
    release === undefined
      ? `kubectl -n ${quoted(namespace)} delete ${kind.toLowerCase()} ${quoted(name)} --ignore-not-found\n`
      : `helm -n ${quoted(release.namespace)} uninstall ${quoted(release.name)} --ignore-not-found\n`,
  );
  return [...new Set(lines)];
}

/** Lets the old agents on every node again, after all nodes have moved back. */
export function togetherScript(agents: readonly OldProgram[]): string {
  return shellScript(
    'Lets the old agents on every node again, after the last node has moved back.\nThose whose DaemonSet has the update strategy RollingUpdate restart one after the other.',
    agents.map((agent) => patch(agent, togetherPatch(agent))).join(''),
  );
}
