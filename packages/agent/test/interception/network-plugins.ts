interface NetworkPlugin {
  readonly plugin: string;
  /** What users of kiam and kube2iam give as `--host-interface`. */
  readonly value: string;
  /** Example names of the plugin's interfaces for Pods. */
  readonly podInterfaces: readonly string[];
  /** Other interfaces of such a node: uplinks, tunnels, the plugin's own. */
  readonly otherInterfaces: readonly string[];
}

/** From kiam's and kube2iam's READMEs; names of interfaces from the plugins themselves. docs/interception.md has the values. */
export const networkPlugins: readonly NetworkPlugin[] = [
  {
    plugin: 'canal',
    value: 'cali+',
    podInterfaces: ['cali0a1b2c3d4e5', 'calif9e8d7c6b5a'],
    otherInterfaces: ['eth0', 'flannel.1'],
  },
  {
    plugin: 'calico',
    value: 'cali+',
    podInterfaces: ['cali0a1b2c3d4e5', 'calif9e8d7c6b5a'],
    otherInterfaces: ['ens5', 'tunl0', 'vxlan.calico'],
  },
  {
    plugin: 'flannel',
    value: 'cni0',
    podInterfaces: ['cni0'],
    otherInterfaces: ['eth0', 'flannel.1'],
  },
  {
    plugin: 'weave',
    value: 'weave',
    podInterfaces: ['weave'],
    otherInterfaces: ['eth0', 'vethwe-bridge', 'vxlan-6784'],
  },
  {
    plugin: 'amazon-vpc-cni',
    value: 'eni+',
    podInterfaces: ['eni0a1b2c3d4e5', 'enif9e8d7c6b5a'],
    otherInterfaces: ['eth0', 'eth1', 'ens5'],
  },
  {
    plugin: 'amazon-vpc-cni, security groups for Pods',
    value: 'eni+,vlan+',
    podInterfaces: ['eni0a1b2c3d4e5', 'vlan0a1b2c3d4e5', 'vlan.eth.1'],
    otherInterfaces: ['eth0', 'eth1', 'ens5'],
  },
  {
    plugin: 'amazon-vpc-cni, as kiam wrote it',
    value: '!eth0',
    podInterfaces: ['eni0a1b2c3d4e5', 'vlan0a1b2c3d4e5'],
    otherInterfaces: ['eth0'],
  },
  {
    plugin: 'cilium',
    value: 'lxc+',
    podInterfaces: ['lxc0a1b2c3d4e5f', 'lxc_health'],
    otherInterfaces: ['eth0', 'cilium_host', 'cilium_net', 'cilium_vxlan'],
  },
  { plugin: 'kubenet', value: 'cbr0', podInterfaces: ['cbr0'], otherInterfaces: ['eth0'] },
  {
    plugin: 'kube-router',
    value: 'kube-bridge',
    podInterfaces: ['kube-bridge'],
    otherInterfaces: ['eth0', 'kube-dummy-if'],
  },
  { plugin: 'bridge', value: 'cni0', podInterfaces: ['cni0'], otherInterfaces: ['eth0'] },
  { plugin: 'docker', value: 'docker0', podInterfaces: ['docker0'], otherInterfaces: ['eth0'] },
];
