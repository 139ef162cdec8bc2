import { markdownCode, markdownText } from '../markdown.ts';
import type { PlanNote } from '../plan/make-plan.ts';
import type { MoveTarget } from './move-on.ts';
import { aboutSdks } from './sdk-notes.ts';

const STEPS: Readonly<Record<MoveTarget, readonly string[]>> = {
  irsa: [
    'Check that each account has an IAM identity provider for the issuer of this cluster.',
    "Add the statements of `irsa-trust.json` to the trust policies. Leave the statement of Rolegate's server in them.",
    '`sh irsa.sh`',
    'Restart the workloads, e.g. `kubectl -n NAMESPACE rollout restart deployment NAME`. SDKs prefer the new way.',
    "When all have restarted, remove the statement of Rolegate's server.",
  ],
  'pod-identity': [
    'Update SDKs that are too old (below).',
    'Check that the add-on eks-pod-identity-agent runs on every node.',
    "Add the statements of `pod-identity-trust.json` to the trust policies. Leave the statement of Rolegate's server in them.",
    '`CLUSTER=NAME sh pod-identity.sh`',
    'Restart the workloads, e.g. `kubectl -n NAMESPACE rollout restart deployment NAME`. SDKs prefer the new way.',
    "When all have restarted, remove the statement of Rolegate's server.",
  ],
  'container-credentials': [
    'Update SDKs that are too old (below).',
    '`R=REGISTRY sh container-credentials.sh`',
    'Restart the workloads, e.g. `kubectl -n NAMESPACE rollout restart deployment NAME`. SDKs prefer the new way.',
  ],
};

const BACK: Readonly<Record<MoveTarget, string>> = {
  irsa: 'Remove the annotation `eks.amazonaws.com/role-arn` from the ServiceAccount and restart the workload.',
  'pod-identity': 'Delete the association and restart the workload.',
  'container-credentials':
    'Remove the label `rolegate.dev/credentials` from the Namespace and restart the workload.',
};

/** The page that says in which order the files are used. */
export function moveOnPage(target: MoveTarget, notes: readonly PlanNote[]): string {
  const steps = STEPS[target].map((step, at) => `${at + 1}. ${step}\n`).join('');
  const left = notes.map(({ about, what }) => `- ${markdownCode(about)}: ${markdownText(what)}\n`).join('');
  const end =
    target === 'container-credentials'
      ? ''
      : '\nPods that stay keep their roles from Rolegate. When none is left, `mode: firewall` of the agent keeps all Pods from the\nrole of their node.\n';
  return `# From the metadata API to ${target}\n\n${steps}\nBack, for one workload: ${BACK[target]}\n${end}\n## SDKs\n\n${aboutSdks(target)}${left === '' ? '' : `\n## To check\n\n${left}`}`;
}
