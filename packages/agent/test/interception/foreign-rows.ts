interface ForeignRow {
  readonly name: string;
  /** One element of what `ip -json rule show` prints. */
  readonly row: string;
}

/** Rules that another program may have at our priorities, as iproute2 6.1 on Linux 6.18 printed them; the last is made up. */
export const foreignRows: readonly ForeignRow[] = [
  {
    name: 'only to UDP',
    row: '{"priority":6,"src":"all","dst":"169.254.169.254","ipproto":"udp","action":"prohibit"}',
  },
  {
    name: 'to all but the address',
    row: '{"priority":6,"not":null,"src":"all","dst":"169.254.169.254","action":"prohibit"}',
  },
  {
    name: 'with a mark',
    row: '{"priority":6,"src":"all","dst":"169.254.169.254","fwmark":"0x1","action":"prohibit"}',
  },
  {
    name: 'with a mask of marks',
    row: '{"priority":6,"src":"all","dst":"169.254.169.254","fwmark":"0x1","fwmask":"0x3","action":"prohibit"}',
  },
  {
    name: 'by one interface',
    row: '{"priority":6,"src":"all","dst":"169.254.169.254","iif":"gone0","iif_detached":null,"action":"prohibit"}',
  },
  {
    name: 'from anywhere to the main table',
    row: '{"priority":5,"src":"all","dst":"169.254.169.254","table":"main"}',
  },
  {
    name: 'by one interface and out by another',
    row: '{"priority":6,"src":"all","dst":"169.254.169.254","iif":"d0","iif_detached":null,"oif":"d1","action":"prohibit"}',
  },
  {
    name: 'out by one interface',
    row: '{"priority":6,"src":"all","dst":"169.254.169.254","oif":"d0","oif_detached":null,"action":"prohibit"}',
  },
  {
    name: 'of some users',
    row: '{"priority":6,"src":"all","dst":"169.254.169.254","uid_start":1000,"uid_end":2000,"action":"prohibit"}',
  },
  {
    name: 'from one port',
    row: '{"priority":6,"src":"all","dst":"169.254.169.254","sport":80,"action":"prohibit"}',
  },
  {
    name: 'to some ports',
    row: '{"priority":6,"src":"all","dst":"169.254.169.254","dport_start":80,"dport_end":90,"action":"prohibit"}',
  },
  {
    name: 'with a TOS',
    row: '{"priority":6,"src":"all","dst":"169.254.169.254","tos":"0x10","action":"prohibit"}',
  },
  {
    name: 'from one address',
    row: '{"priority":6,"src":"10.0.0.1","dst":"169.254.169.254","action":"prohibit"}',
  },
  {
    name: 'from a network',
    row: '{"priority":6,"src":"10.0.0.0","srclen":8,"dst":"169.254.169.254","action":"prohibit"}',
  },
  {
    name: 'to a network',
    row: '{"priority":6,"src":"all","dst":"169.254.0.0","dstlen":16,"action":"prohibit"}',
  },
  {
    name: 'to a network that begins so',
    row: '{"priority":6,"src":"all","dst":"169.254.169.254","dstlen":31,"action":"prohibit"}',
  },
  {
    name: 'in a tunnel',
    row: '{"priority":6,"src":"all","dst":"169.254.169.254","tun_id":7,"action":"prohibit"}',
  },
  {
    name: 'in a VRF',
    row: '{"priority":6,"src":"all","dst":"169.254.169.254","l3mdev":null,"action":"prohibit"}',
  },
  {
    name: 'of another program by its mark',
    row: '{"priority":6,"src":"all","dst":"169.254.169.254","action":"prohibit","protocol":"bird"}',
  },
  { name: 'that drops', row: '{"priority":6,"src":"all","dst":"169.254.169.254","action":"blackhole"}' },
  {
    name: 'that says unreachable',
    row: '{"priority":6,"src":"all","dst":"169.254.169.254","action":"unreachable"}',
  },
  { name: 'that goes elsewhere', row: '{"priority":6,"src":"all","dst":"169.254.169.254","goto":32766}' },
  { name: 'that does nothing', row: '{"priority":6,"src":"all","dst":"169.254.169.254","nop":null}' },
  {
    name: 'without default routes',
    row: '{"priority":5,"src":"all","dst":"169.254.169.254","iif":"lo","table":"main","suppress_prefixlen":0}',
  },
  {
    name: 'without a group of interfaces',
    row: '{"priority":5,"src":"all","dst":"169.254.169.254","iif":"lo","table":"main","suppress_ifgroup":"1"}',
  },
  {
    name: 'with realms',
    row: '{"priority":5,"src":"all","dst":"169.254.169.254","iif":"lo","table":"main","flow_from":"1","flow_to":"2"}',
  },
  {
    name: 'from the node out by one interface',
    row: '{"priority":5,"src":"all","dst":"169.254.169.254","iif":"lo","oif":"d0","oif_detached":null,"table":"main"}',
  },
  {
    name: 'of another table',
    row: '{"priority":5,"src":"all","dst":"169.254.169.254","iif":"lo","table":"300"}',
  },
  {
    name: 'with NAT',
    row: '{"priority":5,"src":"all","dst":"169.254.169.254","iif":"lo","table":"main","masquerade":null}',
  },
  {
    name: 'with what an ip to come prints',
    row: '{"priority":6,"src":"all","dst":"169.254.169.254","flowlabel":"0x5","action":"prohibit"}',
  },
];
