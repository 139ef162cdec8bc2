import { IMAGES } from './images.ts';
import { NAMESPACE } from './installation.ts';
import type { Kubectl } from './kubectl.ts';

/** Commands that list everything that can contain our rules. */
const READERS: Readonly<Record<string, readonly string[]>> = {
  nft4: ['iptables-nft-save'],
  nft6: ['ip6tables-nft-save'],
  legacy4: ['iptables-legacy-save'],
  legacy6: ['ip6tables-legacy-save'],
  rule4: ['ip', '-4', 'rule', 'show'],
  rule6: ['ip', '-6', 'rule', 'show'],
  address: ['ip', '-oneline', 'address', 'show'],
};
const OURS = /ROLEGATE|rolegate0|169\.254\.169\.254|fd00:ec2::254|169\.254\.170\.23|fd00:ec2::23/;
const RULES_POD = 'rules';
const KILLER_POD = 'killer';

export interface RulesDeps {
  readonly kubectl: Kubectl;
  readonly node: { readonly name: string };
  /** Contains the commands that list rules. */
  readonly agentImage: string;
}

/** Reads the node's rules for the metadata addresses, and the link of container credentials, in a host-network Pod. Each line starts with a name in `READERS`. */
export async function metadataRules({ kubectl, node, agentImage }: RulesDeps): Promise<readonly string[]> {
  await kubectl.remove('-n', NAMESPACE, 'pod', RULES_POD);
  await kubectl.apply([rulesPod(node.name, agentImage)]);
  await kubectl.waitFor('jsonpath={.status.phase}=Succeeded', ['-n', NAMESPACE, `pod/${RULES_POD}`], 60);
  const found: string[] = [];
  for (const name of Object.keys(READERS)) {
    const log = await kubectl.call(['-n', NAMESPACE, 'logs', RULES_POD, '-c', name]);
    const rules = log.split('\n').filter((line) => OURS.test(line));
    found.push(...rules.map((line) => `${name}: ${line}`));
  }
  await kubectl.remove('-n', NAMESPACE, 'pod', RULES_POD);
  return found;
}

/** Python: sends a signal to the process that runs `agent.cjs agent`. */
const SIGNAL = `
import glob, os, signal, sys
for path in glob.glob('/proc/[0-9]*/cmdline'):
    words = open(path).read().split('\\0')
    if any(a.endswith('agent.cjs') and b == 'agent' for a, b in zip(words, words[1:])):
        os.kill(int(path.split('/')[2]), getattr(signal, sys.argv[1]))
        sys.exit()
sys.exit('no process of the agent')
`;

/** Starts a Pod that can signal processes of the node. The first process of a container cannot be killed from inside it. */
export async function createKiller(kubectl: Kubectl, node: string): Promise<void> {
  await kubectl.apply([killerPod(node)]);
  await kubectl.waitFor('condition=Ready', ['-n', NAMESPACE, `pod/${KILLER_POD}`]);
}

export async function signalAgentProcess(
  kubectl: Kubectl,
  signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT',
): Promise<void> {
  const { code, stderr } = await kubectl.exec(NAMESPACE, KILLER_POD, ['python3', '-c', SIGNAL, signal]);
  if (code !== 0) throw new Error(`no ${signal}: ${stderr}`);
}

export async function removeKiller(kubectl: Kubectl): Promise<void> {
  await kubectl.remove('-n', NAMESPACE, 'pod', KILLER_POD);
}

function rulesPod(node: string, image: string) {
  const containers = Object.entries(READERS).map(([name, command]) =>
    containerOf({ name, image, command, capabilities: ['NET_ADMIN', 'NET_RAW'] }),
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

export function podOn(node: string, { name, spec }: { name: string; spec: object }) {
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

interface ContainerOptions {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly capabilities: readonly string[];
  /** Defaults to root. */
  readonly uid?: number;
}

/** A container with only these capabilities. */
export function containerOf({ name, image, command, capabilities, uid = 0 }: ContainerOptions) {
  return {
    name,
    image,
    imagePullPolicy: 'IfNotPresent',
    command,
    securityContext: { runAsUser: uid, capabilities: { drop: ['ALL'], add: capabilities } },
  };
}
