/** The log messages of agents that doctor reads (docs/log-messages.md). */
export const logMessages = {
  incomplete: 'interception incomplete',
  recovered: 'interception recovered',
  checkFailed: 'interception check failed',
  repaired: 'interception repaired',
  routed: 'kernel routes Pod traffic to the metadata address',
  notRouted: 'kernel routing of Pod metadata traffic recovered',
  foreignRule: 'foreign rule for a metadata address',
  skew: 'clock skew between node and server',
  noSkew: 'clock skew between node and server recovered',
} as const;
