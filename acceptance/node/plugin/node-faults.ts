import { NAMESPACE } from '../installation.ts';
import type { Kubectl } from '../kubectl.ts';
import { containerOf, podOn } from '../node-pods.ts';

/** The Pod that changes rules. */
const RULES_POD = 'rule-changer';
/** The Pod that listens on the agent's port. */
const LISTENER_POD = 'listener';
/** The chart's `agent.uid`. With another user the port could not be shared. */
const AGENT_UID = 2_100_008_181;
const AGENT_PORT = 8181;

/** As kiam installs it, for the interfaces of Calico. */
const KIAM_RULE = [
  ['PREROUTING', '-t', 'nat', '-d', '169.254.169.254/32', '-i', 'cali+', '-p', 'tcp', '--dport', '80'],
  ['-j', 'DNAT', '--to-destination', '192.0.2.10:8181'],
].flat();
/** The ports of servers. */
const UNREACHABLE = [
  ['OUTPUT', '-p', 'tcp', '-m', 'multiport', '--dports', '9610,9611'],
  ['-j', 'REJECT', '--reject-with', 'tcp-reset'],
].flat();
/** The family that no table of the layer `filter` has any more. Chains of a hook cannot be jumped to. */
const IPV6_CHAIN = 'ip6 filter ROLEGATE-DENY';

export interface NodeFaultsDeps {
  readonly kubectl: Kubectl;
  readonly node: { readonly name: string; readonly ip: string };
  /** Contains iptables and nft. */
  readonly agentImage: string;
}

/** Changes the node's rules and ports, as programs of others do. */
export function createNodeFaults({ kubectl, node, agentImage }: NodeFaultsDeps) {
  async function change(...command: string[]): Promise<string> {
    const { code, stdout, stderr } = await kubectl.exec(NAMESPACE, RULES_POD, command);
    if (code !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
    return stdout;
  }
  async function startPod(pod: object, name: string): Promise<void> {
    await kubectl.apply([pod]);
    await kubectl.waitFor('condition=Ready', ['-n', NAMESPACE, `pod/${name}`]);
  }

  return {
    start: () => startPod(rulesPod(node.name, agentImage), RULES_POD),
    /** Reconcile finds it within 20 s. An agent cannot start beside it, because it takes half of the test requests. */
    startListener: () => startPod(listenerPod(node, agentImage), LISTENER_POD),
    stopListener: () => kubectl.remove('-n', NAMESPACE, 'pod', LISTENER_POD),
    stop: () => kubectl.remove('-n', NAMESPACE, 'pod', RULES_POD, LISTENER_POD),
    addKiamRule: () => change('iptables-nft', '-I', ...KIAM_RULE),
    removeKiamRule: () => change('iptables-nft', '-D', ...KIAM_RULE),
    /** Reconcile repairs it. */
    flushInput: () => change('iptables-nft', '-F', 'ROLEGATE-INPUT'),
    /** Reconcile cannot repair it, because a chain with a hook has the name of ours. */
    async takeIpv6Chain(): Promise<void> {
      const chain = await change('nft', '-a', 'list', 'chain', 'ip6', 'filter', 'FORWARD');
      const jump = /ROLEGATE-DENY.* # (handle \d+)/.exec(chain)?.[1];
      if (jump === undefined) throw new Error(`FORWARD does not jump to ROLEGATE-DENY:\n${chain}`);
      await change(
        'nft',
        `delete rule ip6 filter FORWARD ${jump}; flush chain ${IPV6_CHAIN}; delete chain ${IPV6_CHAIN}; ` +
          `add chain ${IPV6_CHAIN} { type filter hook input priority 10 ; }`,
      );
    },
    giveIpv6ChainBack: () => change('nft', `delete chain ${IPV6_CHAIN}`),
    rejectServers: () => change('iptables-nft', '-I', ...UNREACHABLE),
    reachServers: () => change('iptables-nft', '-D', ...UNREACHABLE),
  };
}

export type NodeFaults = ReturnType<typeof createNodeFaults>;

function rulesPod(node: string, image: string) {
  const command = ['node', '-e', 'setInterval(() => {}, 1e6)'];
  const container = containerOf({
    name: RULES_POD,
    image,
    command,
    capabilities: ['NET_ADMIN', 'NET_RAW'],
  });
  return podOn(node, { name: RULES_POD, spec: { hostNetwork: true, containers: [container] } });
}

function listenerPod(node: { readonly name: string; readonly ip: string }, image: string) {
  const address = JSON.stringify({ host: node.ip, port: AGENT_PORT, reusePort: true });
  const command = ['node', '-e', `require('net').createServer((one) => one.destroy()).listen(${address})`];
  const container = containerOf({
    name: LISTENER_POD,
    image,
    command,
    capabilities: [],
    uid: AGENT_UID,
  });
  return podOn(node.name, { name: LISTENER_POD, spec: { hostNetwork: true, containers: [container] } });
}
