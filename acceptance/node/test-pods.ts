import type { Kubectl } from './kubectl.ts';
import { IMAGES } from './images.ts';
import { raceClients } from './race/race-clients.ts';
import type { RaceClientName } from './race/race-clients.ts';

/** A Namespace that permits every role under team/. */
export const PERMITTED_NAMESPACE = 'rolegate-e2e-permitted';
/** A Namespace that permits no role. */
export const DENIED_NAMESPACE = 'rolegate-e2e-denied';
/** A Namespace whose Pods get a token by the policy of the chart. */
export const TOKEN_NAMESPACE = 'rolegate-e2e-tokens';
/** The role of the Pod `app`. */
export const ROLE_NAME = 'team/app';
/** Says which client a Pod of `startMany` runs. */
export const CLIENT_LABEL = 'client';
const ROLE = 'iam.amazonaws.com/role';
const PERMITTED = 'iam.amazonaws.com/permitted';

/** Creates Pods for `exec`, and Pods that request credentials when they start. */
export function createTestPods({
  kubectl,
  node,
  stsEndpoint,
}: {
  kubectl: Kubectl;
  node: string;
  stsEndpoint: string;
}) {
  const pod = (options: PodOptions) => podOf(options, { node, stsEndpoint });

  return {
    /** Creates the Namespaces with the Pods plain and app (permitted) and refused (denied). */
    async create(): Promise<void> {
      await kubectl.apply([
        namespaceOf(PERMITTED_NAMESPACE, { [PERMITTED]: 'team/.*' }),
        namespaceOf(DENIED_NAMESPACE),
      ]);
      for (const namespace of [PERMITTED_NAMESPACE, DENIED_NAMESPACE]) {
        await kubectl.waitFor('create', ['-n', namespace, 'serviceaccount/default']);
      }
      const command = ['sleep', 'infinity'];
      const app = 'waiting';
      await kubectl.apply([
        pod({ namespace: PERMITTED_NAMESPACE, name: 'plain', app, command }),
        pod({ namespace: PERMITTED_NAMESPACE, name: 'app', role: ROLE_NAME, app, command }),
        pod({ namespace: DENIED_NAMESPACE, name: 'refused', role: ROLE_NAME, app, command }),
      ]);
      await kubectl.waitFor('condition=Ready', ['-n', PERMITTED_NAMESPACE, 'pod/plain', 'pod/app']);
      await kubectl.waitFor('condition=Ready', ['-n', DENIED_NAMESPACE, 'pod/refused']);
    },
    /** Starts Pods at the same time, each with a different role. The clients take turns. */
    startMany: ({ count, prefix = 'many', clients = ['boto3'], container = {} }: ManyPods) =>
      kubectl.apply(
        Array.from({ length: count }, (_, number) => {
          const client = clients[number % clients.length] ?? 'boto3';
          return pod({
            namespace: PERMITTED_NAMESPACE,
            name: `${prefix}-${number}`,
            role: `team/${prefix}-${number}`,
            app: 'many',
            labels: { [CLIENT_LABEL]: client },
            command: raceClients[client].command,
            env: [{ name: 'AWS_REGION', value: 'us-east-1' }],
            container: { terminationMessagePolicy: 'FallbackToLogsOnError', ...container },
          });
        }),
      ),
    removeMany: () => kubectl.remove('-n', PERMITTED_NAMESPACE, 'pods', '-l', 'app=many'),
    remove: () => kubectl.remove('namespace', PERMITTED_NAMESPACE, DENIED_NAMESPACE, TOKEN_NAMESPACE),
  };
}

interface ManyPods {
  readonly count: number;
  readonly prefix?: string;
  readonly clients?: readonly RaceClientName[];
  /** Adds to their containers. */
  readonly container?: object;
}

export interface PodOptions {
  readonly namespace: string;
  readonly name: string;
  /** Undefined: no annotation. */
  readonly role?: string;
  readonly app: string;
  readonly command: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  /** Besides those of every Pod. */
  readonly env?: readonly object[];
  /** Besides `app`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Adds to the container. */
  readonly container?: object;
  /** Adds to the Pod's spec. */
  readonly spec?: object;
}

export function podOf(
  {
    namespace,
    name,
    role,
    app,
    command,
    annotations = {},
    env = [],
    labels = {},
    container = {},
    spec = {},
  }: PodOptions,
  { node, stsEndpoint }: { node: string; stsEndpoint: string },
) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace,
      name,
      labels: { app, ...labels },
      annotations: { ...annotations, ...(role !== undefined && { [ROLE]: role }) },
    },
    spec: {
      nodeSelector: { 'kubernetes.io/hostname': node },
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      containers: [
        {
          name: 'app',
          image: IMAGES.client,
          imagePullPolicy: 'IfNotPresent',
          command,
          env: [
            { name: 'AWS_ENDPOINT_URL_STS', value: stsEndpoint },
            { name: 'AWS_DEFAULT_REGION', value: 'us-east-1' },
            ...env,
          ],
          ...container,
        },
      ],
      ...spec,
    },
  };
}

export type TestPods = ReturnType<typeof createTestPods>;

export function namespaceOf(name: string, annotations: Readonly<Record<string, string>> = {}) {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations } };
}
