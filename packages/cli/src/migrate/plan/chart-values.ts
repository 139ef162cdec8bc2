/** A value of an old chart and what it becomes. */
export interface ChartValueRow {
  /** Dotted, in the old chart. */
  readonly from: string;
  /** The values that it sets. */
  readonly to: readonly Target[];
  /** What to do instead. One sentence without a full stop. */
  readonly note?: string;
  /** Why nothing is to be done. */
  readonly needless?: string;
}

export interface Target {
  readonly chart: 'agent' | 'server';
  /** Dotted. */
  readonly path: string;
  /** Changes the value; undefined: it is not carried over. */
  readonly as?: (value: unknown) => unknown;
}

const agent = (path: string, as?: Target['as']): Target => ({
  chart: 'agent',
  path,
  ...(as !== undefined && { as }),
});
const server = (path: string, as?: Target['as']): Target => ({
  chart: 'server',
  path,
  ...(as !== undefined && { as }),
});
const logFormat = (json: unknown) => (json === false ? 'text' : 'json');
const ifTrue = (value: unknown) => (value === true ? true : undefined);

const AUTO = 'hostInterface auto needs no name and covers all Pods';

const ROLLING = 'agents are updated node by node without losing a request';

/** What means the same at both parts of kiam's chart. */
const kiamPart = (old: 'agent' | 'server', to: typeof agent): readonly ChartValueRow[] => [
  { from: `${old}.log.level`, to: [to('log.level')] },
  { from: `${old}.log.jsonOutput`, to: [to('log.format', logFormat)] },
  { from: `${old}.extraEnv`, to: [to('extraEnv')] },
  { from: `${old}.podAnnotations`, to: [to('podAnnotations')] },
  { from: `${old}.podLabels`, to: [to('podLabels')] },
  { from: `${old}.priorityClassName`, to: [to('priorityClassName')] },
  { from: `${old}.nodeSelector`, to: [to('nodeSelector')] },
  { from: `${old}.tolerations`, to: [to('tolerations')] },
  { from: `${old}.affinity`, to: [to('affinity')] },
  { from: `${old}.prometheus.servicemonitor.enabled`, to: [to('podMonitor.enabled', ifTrue)] },
  { from: `${old}.prometheus.servicemonitor.interval`, to: [to('podMonitor.interval')] },
  { from: `${old}.prometheus.servicemonitor.labels`, to: [to('podMonitor.labels')] },
  { from: `${old}.prometheus`, to: [], note: 'metrics are always served, on other ports' },
  { from: `${old}.resources`, to: [], note: 'the defaults fit what the containers do here; compare them' },
  { from: `${old}.extraArgs`, to: [], note: 'the report lists what becomes of each flag' },
  { from: `${old}.image`, to: [], note: 'it is the image of another program' },
  { from: `${old}.enabled`, to: [] },
  { from: `${old}.name`, to: [], note: 'nameOverride and fullnameOverride name objects' },
  { from: `${old}.livenessProbe`, to: [], note: 'the defaults fit' },
  { from: `${old}.gatewayTimeoutCreation`, to: [], note: 'agents start without a server and keep trying' },
  { from: `${old}.keepaliveParams`, to: [], note: 'keepalive is fixed' },
  {
    from: `${old}.tlsFiles`,
    to: [],
    note: 'the server signs certificates by itself; tls.mode has other ways',
  },
  {
    from: `${old}.tlsSecret`,
    to: [],
    note: 'the server signs certificates by itself; tls.mode has other ways',
  },
  {
    from: `${old}.tlsCerts`,
    to: [],
    note: 'the server signs certificates by itself; tls.mode has other ways',
  },
  { from: `${old}.extraHostPathMounts`, to: [], note: 'Rolegate needs no certificates of the node' },
  { from: `${old}.initContainers`, to: [], note: 'nothing waits for certificates' },
  { from: `${old}.serviceLabels`, to: [], note: 'there is no such Service' },
];

export const kiamChart: readonly ChartValueRow[] = [
  { from: 'imagePullSecrets', to: [agent('imagePullSecrets'), server('imagePullSecrets')] },
  { from: 'nameOverride', to: [], note: 'the plan uses the default names' },
  { from: 'fullnameOverride', to: [], note: 'the plan uses the default names' },
  { from: 'rbac.create', to: [server('rbac.create')] },
  { from: 'psp', to: [], needless: 'Kubernetes has removed PodSecurityPolicy' },
  { from: 'extraArgs', to: [], note: 'the report lists what becomes of each flag' },
  { from: 'serviceAccounts.agent.create', to: [], note: 'serviceAccount.create is for an existing one' },
  { from: 'serviceAccounts.agent.name', to: [], note: 'the plan uses the default names' },
  { from: 'serviceAccounts.agent.annotations', to: [agent('serviceAccount.annotations')] },
  { from: 'serviceAccounts.server.create', to: [], note: 'serviceAccount.create is for an existing one' },
  { from: 'serviceAccounts.server.name', to: [], note: 'the plan uses the default names' },
  { from: 'serviceAccounts.server.annotations', to: [server('serviceAccount.annotations')] },
  ...kiamPart('agent', agent),
  { from: 'agent.host.interface', to: [], needless: AUTO },
  { from: 'agent.host.port', to: [agent('port')] },
  { from: 'agent.host.iptables', to: [], needless: 'the rules are always installed' },
  {
    from: 'agent.host.iptablesRemoveOnShutdown',
    to: [],
    needless: 'rules outlive the agent; uninstall=true removes them',
  },
  { from: 'agent.updateStrategy', to: [], needless: ROLLING },
  { from: 'agent.seLinuxOptions', to: [agent('seLinuxOptions')] },
  {
    from: 'agent.allowRouteRegexp',
    to: [],
    note: 'use metadata.groups, or metadata.allowPaths, which matches whole',
  },
  {
    from: 'agent.whiteListRouteRegexp',
    to: [],
    note: 'use metadata.groups, or metadata.allowPaths, which matches whole',
  },
  { from: 'agent.deepLivenessProbe', to: [], needless: 'an agent keeps running without a server' },
  { from: 'agent.dnsPolicy', to: [], needless: 'it is always ClusterFirstWithHostNet' },
  { from: 'agent.serviceAnnotations', to: [], needless: 'agents have no Service' },
  ...kiamPart('server', server),
  { from: 'server.deployment.replicas', to: [server('replicas')] },
  { from: 'server.deployment', to: [], needless: 'the server is always a Deployment' },
  { from: 'server.updateStrategy', to: [], needless: 'it is strategy; the default keeps a server ready' },
  { from: 'server.serviceAnnotations', to: [server('service.annotations')] },
  { from: 'server.service', to: [], needless: 'the ports are fixed' },
  { from: 'server.roleBaseArn', to: [server('roles.baseArn')] },
  { from: 'server.assumeRoleArn', to: [server('assumeRoleArn')] },
  { from: 'server.sessionDuration', to: [], needless: 'sessions last 1h' },
  { from: 'server.useHostNetwork', to: [], note: 'credentials.source=node uses the role of the node' },
  { from: 'server.cache', to: [], needless: 'the server needs no resync' },
  { from: 'server.probes', to: [], needless: 'the kubelet probes a port of its own' },
  { from: 'server.readinessProbe', to: [], needless: 'the defaults fit' },
  { from: 'server.seLinuxOptions', to: [], needless: 'the server mounts nothing from the node' },
  { from: 'server.sslCertHostPath', to: [], needless: 'Node.js has its own CA certificates' },
  { from: 'server.disableStrictNamespaceRegexp', to: [], needless: 'expressions match whole' },
];

export const kube2iamChart: readonly ChartValueRow[] = [
  { from: 'image.pullSecrets', to: [agent('imagePullSecrets'), server('imagePullSecrets')] },
  { from: 'image', to: [], needless: 'it is the image of another program' },
  { from: 'extraArgs.base-role-arn', to: [server('roles.baseArn')] },
  { from: 'extraArgs.default-role', to: [server('roles.default')] },
  { from: 'extraArgs', to: [], note: 'the report lists what becomes of each flag' },
  { from: 'extraEnv', to: [agent('extraEnv')] },
  { from: 'host.interface', to: [], needless: AUTO },
  { from: 'host.port', to: [agent('port')] },
  { from: 'host', to: [], needless: 'the rules are always installed, and the agent knows its addresses' },
  { from: 'prometheus.metricsPort', to: [agent('metrics.port')] },
  {
    from: 'prometheus.serviceMonitor.enabled',
    to: [agent('podMonitor.enabled', ifTrue), server('podMonitor.enabled', ifTrue)],
  },
  {
    from: 'prometheus.serviceMonitor.interval',
    to: [agent('podMonitor.interval'), server('podMonitor.interval')],
  },
  { from: 'prometheus.serviceMonitor.labels', to: [agent('podMonitor.labels'), server('podMonitor.labels')] },
  { from: 'prometheus', to: [], needless: 'there is no Service for metrics' },
  { from: 'aws.region', to: [server('region')] },
  {
    from: 'aws',
    to: [],
    note: 'only the server has keys: put them into a Secret, with credentials.source=secret',
  },
  {
    from: 'existingSecret',
    to: [],
    note: 'only the server has keys: credentials.source=secret and credentials.secret.name',
  },
  { from: 'rbac', to: [], needless: 'the server has the rights, not the agents' },
  { from: 'tolerations', to: [agent('tolerations')] },
  { from: 'nodeSelector', to: [agent('nodeSelector')] },
  { from: 'affinity', to: [agent('affinity')] },
  { from: 'podAnnotations', to: [agent('podAnnotations')] },
  { from: 'podLabels', to: [agent('podLabels')] },
  { from: 'priorityClassName', to: [agent('priorityClassName')] },
  { from: 'updateStrategy', to: [], needless: ROLLING },
  { from: 'verbose', to: [agent('log.level', debugIfTrue), server('log.level', debugIfTrue)] },
  { from: 'maxUnavailable', to: [], needless: 'updateStrategy.rollingUpdate has it' },
  { from: 'resources', to: [], note: 'the defaults fit what the containers do here; compare them' },
  { from: 'lifecycle', to: [], needless: 'rules outlive the agent' },
  { from: 'livenessProbe', to: [], needless: 'the defaults fit' },
  { from: 'readinessProbe', to: [], needless: 'the defaults fit' },
  { from: 'probe', to: [], needless: 'the defaults fit' },
  { from: 'podSecurityPolicy', to: [], needless: 'Kubernetes has removed PodSecurityPolicy' },
  { from: 'nameOverride', to: [], note: 'the plan uses the default names' },
  { from: 'fullnameOverride', to: [], note: 'the plan uses the default names' },
];

function debugIfTrue(verbose: unknown): unknown {
  return verbose === true ? 'debug' : undefined;
}
