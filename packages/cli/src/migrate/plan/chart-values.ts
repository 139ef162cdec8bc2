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
/** Values for which there is something else to do. */
const noted = (note: string, ...names: readonly string[]): readonly ChartValueRow[] =>
  names.map((from) => ({ from, to: [], note }));
/** Values that change nothing any more. */
const needless = (why: string, ...names: readonly string[]): readonly ChartValueRow[] =>
  names.map((from) => ({ from, to: [], needless: why }));
const logFormat = (json: unknown) => (json === false ? 'text' : 'json');
const ifTrue = (value: unknown) => (value === true ? true : undefined);

const debugIfTrue = (verbose: unknown) => (verbose === true ? 'debug' : undefined);

const AUTO = 'hostInterface auto needs no name and covers all Pods';
const DEFAULT_NAMES = 'the plan uses the default names';
const DEFAULTS_FIT = 'the defaults fit';
const FLAGS = 'the report lists what becomes of each flag';
const NO_POLICY = 'Kubernetes has removed PodSecurityPolicy';
const OTHER_IMAGE = 'it is the image of another program';
const RESOURCES = 'the defaults fit what the containers do here; compare them';
const ROLLING = 'agents are updated node by node without losing a request';

/** What means the same at both parts of kiam's chart. */
function kiamPart(old: 'agent' | 'server', to: typeof agent): readonly ChartValueRow[] {
  const rows: readonly ChartValueRow[] = [
    { from: 'log.level', to: [to('log.level')] },
    { from: 'log.jsonOutput', to: [to('log.format', logFormat)] },
    { from: 'extraEnv', to: [to('extraEnv')] },
    { from: 'podAnnotations', to: [to('podAnnotations')] },
    { from: 'podLabels', to: [to('podLabels')] },
    { from: 'priorityClassName', to: [to('priorityClassName')] },
    { from: 'nodeSelector', to: [to('nodeSelector')] },
    { from: 'tolerations', to: [to('tolerations')] },
    { from: 'affinity', to: [to('affinity')] },
    { from: 'prometheus.servicemonitor.enabled', to: [to('podMonitor.enabled', ifTrue)] },
    { from: 'prometheus.servicemonitor.interval', to: [to('podMonitor.interval')] },
    { from: 'prometheus.servicemonitor.labels', to: [to('podMonitor.labels')] },
    ...noted('metrics are always served, on other ports', 'prometheus'),
    ...noted(RESOURCES, 'resources'),
    ...noted(FLAGS, 'extraArgs'),
    ...noted(OTHER_IMAGE, 'image'),
    { from: 'enabled', to: [] },
    ...noted('nameOverride and fullnameOverride name objects', 'name'),
    ...noted(DEFAULTS_FIT, 'livenessProbe'),
    ...noted('agents start without a server and keep trying', 'gatewayTimeoutCreation'),
    ...noted('keepalive is fixed', 'keepaliveParams'),
    ...noted(
      'the server signs certificates by itself; tls.mode has other ways',
      'tlsFiles',
      'tlsSecret',
      'tlsCerts',
    ),
    ...noted('Rolegate needs no certificates of the node', 'extraHostPathMounts'),
    ...noted('nothing waits for certificates', 'initContainers'),
    ...noted('there is no such Service', 'serviceLabels'),
  ];
  return rows.map((row) => ({ ...row, from: `${old}.${row.from}` }));
}

export const kiamChart: readonly ChartValueRow[] = [
  { from: 'imagePullSecrets', to: [agent('imagePullSecrets'), server('imagePullSecrets')] },
  ...noted(
    DEFAULT_NAMES,
    'nameOverride',
    'fullnameOverride',
    'serviceAccounts.agent.name',
    'serviceAccounts.server.name',
  ),
  { from: 'rbac.create', to: [server('rbac.create')] },
  ...needless(NO_POLICY, 'psp'),
  ...noted(FLAGS, 'extraArgs'),
  ...noted(
    'serviceAccount.create is for an existing one',
    'serviceAccounts.agent.create',
    'serviceAccounts.server.create',
  ),
  { from: 'serviceAccounts.agent.annotations', to: [agent('serviceAccount.annotations')] },
  { from: 'serviceAccounts.server.annotations', to: [server('serviceAccount.annotations')] },
  ...kiamPart('agent', agent),
  ...needless(AUTO, 'agent.host.interface'),
  { from: 'agent.host.port', to: [agent('port')] },
  ...needless('the rules are always installed', 'agent.host.iptables'),
  ...needless('rules outlive the agent; uninstall=true removes them', 'agent.host.iptablesRemoveOnShutdown'),
  ...needless(ROLLING, 'agent.updateStrategy'),
  { from: 'agent.seLinuxOptions', to: [agent('seLinuxOptions')] },
  ...noted(
    'use metadata.groups, or metadata.allowPaths, which matches whole',
    'agent.allowRouteRegexp',
    'agent.whiteListRouteRegexp',
  ),
  ...needless('an agent keeps running without a server', 'agent.deepLivenessProbe'),
  ...needless('it is always ClusterFirstWithHostNet', 'agent.dnsPolicy'),
  ...needless('agents have no Service', 'agent.serviceAnnotations'),
  ...kiamPart('server', server),
  { from: 'server.deployment.replicas', to: [server('replicas')] },
  ...needless('the server is always a Deployment', 'server.deployment'),
  ...needless('it is strategy; the default keeps a server ready', 'server.updateStrategy'),
  { from: 'server.serviceAnnotations', to: [server('service.annotations')] },
  ...needless('the ports are fixed', 'server.service'),
  { from: 'server.roleBaseArn', to: [server('roles.baseArn')] },
  { from: 'server.assumeRoleArn', to: [server('assumeRoleArn')] },
  ...needless('sessions last 1h', 'server.sessionDuration'),
  ...noted('credentials.source=node uses the role of the node', 'server.useHostNetwork'),
  ...needless('the server needs no resync', 'server.cache'),
  ...needless('the kubelet probes a port of its own', 'server.probes'),
  ...needless(DEFAULTS_FIT, 'server.readinessProbe'),
  ...needless('the server mounts nothing from the node', 'server.seLinuxOptions'),
  ...needless('Node.js has its own CA certificates', 'server.sslCertHostPath'),
  ...needless('expressions match whole', 'server.disableStrictNamespaceRegexp'),
];

export const kube2iamChart: readonly ChartValueRow[] = [
  { from: 'image.pullSecrets', to: [agent('imagePullSecrets'), server('imagePullSecrets')] },
  ...needless(OTHER_IMAGE, 'image'),
  { from: 'extraArgs.base-role-arn', to: [server('roles.baseArn')] },
  { from: 'extraArgs.default-role', to: [server('roles.default')] },
  ...noted(FLAGS, 'extraArgs'),
  { from: 'extraEnv', to: [agent('extraEnv')] },
  ...needless(AUTO, 'host.interface'),
  { from: 'host.port', to: [agent('port')] },
  ...needless('the rules are always installed, and the agent knows its addresses', 'host'),
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
  ...needless('there is no Service for metrics', 'prometheus'),
  { from: 'aws.region', to: [server('region')] },
  ...noted('only the server has keys: put them into a Secret, with credentials.source=secret', 'aws'),
  ...noted(
    'only the server has keys: credentials.source=secret and credentials.secret.name',
    'existingSecret',
  ),
  ...needless('the server has the rights, not the agents', 'rbac'),
  { from: 'tolerations', to: [agent('tolerations')] },
  { from: 'nodeSelector', to: [agent('nodeSelector')] },
  { from: 'affinity', to: [agent('affinity')] },
  { from: 'podAnnotations', to: [agent('podAnnotations')] },
  { from: 'podLabels', to: [agent('podLabels')] },
  { from: 'priorityClassName', to: [agent('priorityClassName')] },
  ...needless(ROLLING, 'updateStrategy'),
  { from: 'verbose', to: [agent('log.level', debugIfTrue), server('log.level', debugIfTrue)] },
  ...needless('updateStrategy.rollingUpdate has it', 'maxUnavailable'),
  ...noted(RESOURCES, 'resources'),
  ...needless('rules outlive the agent', 'lifecycle'),
  ...needless(DEFAULTS_FIT, 'livenessProbe', 'readinessProbe', 'probe'),
  ...needless(NO_POLICY, 'podSecurityPolicy'),
  ...noted(DEFAULT_NAMES, 'nameOverride', 'fullnameOverride'),
];
