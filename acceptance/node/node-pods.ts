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
const RULES_POD = 'rules';
const KILLER_POD = 'killer';

/** The node's rules for the metadata addresses, each with the program that showed it; read by a Pod on the host network. */
export async function metadataRules(kubectl: Kubectl, node: string): Promise<readonly string[]> {
  await kubectl.remove('-n', NAMESPACE, 'pod', RULES_POD);
  await kubectl.apply([rulesPod(node)]);
  await kubectl.waitFor('jsonpath={.status.phase}=Succeeded', ['-n', NAMESPACE, `pod/${RULES_POD}`], 60);
  const found: string[] = [];
  for (const name of Object.keys(READERS)) {
    const shown = await kubectl.call(['-n', NAMESPACE, 'logs', RULES_POD, '-c', name]);
    const rules = shown.split('\n').filter((line) => OURS.test(line));
    found.push(...rules.map((line) => `${name}: ${line}`));
  }
  await kubectl.remove('-n', NAMESPACE, 'pod', RULES_POD);
  return found;
}

/** The process whose command line has these words, one after the other; gives the time. */
const KILL = `
import glob, os, signal, sys, time
for path in glob.glob('/proc/[0-9]*/cmdline'):
    words = open(path).read().split('\\0')
    if any(a.endswith('agent.cjs') and b == 'agent' for a, b in zip(words, words[1:])):
        os.kill(int(path.split('/')[2]), signal.SIGKILL)
        sys.exit(print(time.time()))
sys.exit('no process of the agent')
`;

/** A Pod that sees the processes of the node: from within its own container nobody can kill the first process. */
export async function makeKiller(kubectl: Kubectl, node: string): Promise<void> {
  await kubectl.apply([killerPod(node)]);
  await kubectl.waitFor('condition=Ready', ['-n', NAMESPACE, `pod/${KILLER_POD}`]);
}

/** SIGKILL to the process that answers Pods. */
export async function killAgentProcess(kubectl: Kubectl): Promise<void> {
  const { code, stderr } = await kubectl.exec(NAMESPACE, KILLER_POD, ['python3', '-c', KILL]);
  if (code !== 0) throw new Error(`not killed: ${stderr}`);
}

export async function removeKiller(kubectl: Kubectl): Promise<void> {
  await kubectl.remove('-n', NAMESPACE, 'pod', KILLER_POD);
}

function rulesPod(node: string) {
  const containers = Object.entries(READERS).map(([name, command]) =>
    containerOf({ name, image: IMAGES.agent, command, capabilities: ['NET_ADMIN', 'NET_RAW'] }),
  );
  return podOn(node, { name: RULES_POD, spec: { hostNetwork: true, containers } });
}

function killerPod(node: string) {
  const container = containerOf({
    name: KILLER_POD,
    image: IMAGES.client,
    command: ['sleep', 'infinity'],
    capabilities: ['KILL', 'SYS_PTRACE'],
  });
  return podOn(node, { name: KILLER_POD, spec: { hostPID: true, containers: [container] } });
}

function podOn(node: string, { name, spec }: { name: string; spec: object }) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: NAMESPACE, name },
    spec: {
      nodeName: node,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      tolerations: [{ operator: 'Exists' }],
      ...spec,
    },
  };
}

interface ContainerWish {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly capabilities: readonly string[];
}

/** As root, with these capabilities alone. */
function containerOf({ name, image, command, capabilities }: ContainerWish) {
  return {
    name,
    image,
    imagePullPolicy: 'IfNotPresent',
    command,
    securityContext: { runAsUser: 0, capabilities: { drop: ['ALL'], add: capabilities } },
  };
}
