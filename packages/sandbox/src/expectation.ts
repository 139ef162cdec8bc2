import { createPolicy } from '@rolegate/server';
import type { Presence, Verdict } from '@rolegate/server';
import type { Manifest } from './manifests.ts';
import { NODE_NAME } from './sandbox-node.ts';
import { ROLE_BASE_ARN } from './program-flags.ts';

/** What the policy gives a Pod of these manifests, in a few words: by the metadata API if it can use that. */
export function expectationOf(pod: Manifest, manifests: readonly Manifest[]): string {
  const { namespace = 'default', name, annotations = {} } = pod.metadata;
  const { serviceAccountName } = pod.spec ?? {};
  const hostNetwork = pod.spec?.['hostNetwork'] === true;
  const serviceAccount = typeof serviceAccountName === 'string' ? serviceAccountName : 'default';
  const find = (kind: string, inNamespace: string | undefined, named: string): Presence => {
    const found = manifests.find(
      ({ kind: other, metadata }) =>
        other === kind && metadata.name === named && metadata.namespace === inNamespace,
    );
    return found === undefined ? 'absent' : { annotations: found.metadata.annotations ?? {} };
  };
  const verdict = policy.decide({
    pod: {
      uid: '',
      namespace,
      name,
      node: NODE_NAME,
      serviceAccount,
      annotations,
      hostNetwork,
      staticPod: false,
    },
    namespace: find('Namespace', undefined, namespace),
    serviceAccount: find('ServiceAccount', namespace, serviceAccount),
    servesContainerCredentials: hostNetwork,
  });
  return hostNetwork ? `${inWords(verdict)}, by its token` : inWords(verdict);
}

/** Configured like the sandbox's servers. */
const policy = createPolicy({
  roleBaseArn: ROLE_BASE_ARN,
  ceilings: [],
  namespacePolicy: 'enforce',
  sessionScope: 'workload',
  sessionTagTemplates: {},
  durationSeconds: 3600,
  clusterName: 'sandbox',
});

function inWords({ decision }: Verdict): string {
  switch (decision.kind) {
    case 'allow':
      return `role ${decision.roleName}, session ${decision.session.sessionName}`;
    case 'deny':
      return `refused: ${decision.reason}`;
    case 'pending':
      return `waiting for ${decision.waitsFor}`;
  }
}
