import { IMAGES } from './images.ts';
import { NAMESPACE } from './installation.ts';
import type { Kubectl } from './kubectl.ts';

/** Everything that may hold a rule of ours. */
const READERS: Readonly<Record<string, readonly string[]>> = {
  nft4: ['iptables-nft-save'],
  nft6: ['ip6tables-nft-save'],
  legacy4: ['iptables-legacy-save'],
  legacy6: ['ip6tables-legacy-save'],
  rule4: ['ip', '-4', 'rule', 'show'],
  rule6: ['ip', '-6', 'rule', 'show'],
};
const OURS = /ROLEGATE|169\.254\.169\.254|fd00:ec2::254/;
const NAME = 'rules';

/** The node's rules for the metadata addresses, each with the program that showed it; read by a Pod on the host network. */
export async function metadataRules(kubectl: Kubectl, node: string): Promise<readonly string[]> {
  await kubectl.remove('-n', NAMESPACE, 'pod', NAME);
  await kubectl.apply([readerPod(node)]);
  await kubectl.waitFor('jsonpath={.status.phase}=Succeeded', ['-n', NAMESPACE, `pod/${NAME}`], 60);
  const found: string[] = [];
  for (const name of Object.keys(READERS)) {
    const shown = await kubectl.call(['-n', NAMESPACE, 'logs', NAME, '-c', name]);
    found.push(
      ...shown
        .split('\n')
        .filter((line) => OURS.test(line))
        .map((line) => `${name}: ${line}`),
    );
  }
  await kubectl.remove('-n', NAMESPACE, 'pod', NAME);
  return found;
}

function readerPod(node: string) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: NAMESPACE, name: NAME },
    spec: {
      nodeName: node,
      hostNetwork: true,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      tolerations: [{ operator: 'Exists' }],
      containers: Object.entries(READERS).map(([name, command]) => ({
        name,
        image: IMAGES.agent,
        imagePullPolicy: 'IfNotPresent',
        command,
        securityContext: {
          runAsUser: 0,
          capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW'] },
        },
      })),
    },
  };
}
