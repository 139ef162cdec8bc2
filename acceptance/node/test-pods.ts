import type { Kubectl } from './kubectl.ts';
import { IMAGES } from './images.ts';

/** Permits every role under team/. */
export const OPEN = 'rolegate-e2e-open';
/** Permits none. */
export const CLOSED = 'rolegate-e2e-closed';
/** The role of the Pod `app`. */
export const ROLE_NAME = 'team/app';
const ROLE = 'iam.amazonaws.com/role';
const PERMITTED = 'iam.amazonaws.com/permitted';

/** Pods that wait to be told what to ask; and those that ask by themselves as soon as they start. */
export function createTestPods({
  kubectl,
  node,
  stsEndpoint,
}: {
  kubectl: Kubectl;
  node: string;
  stsEndpoint: string;
}) {
  const pod = (wish: PodWish) => podOf(wish, { node, stsEndpoint });

  return {
    /** The two Namespaces, and three Pods that stay: plain and app in the open one, refused in the other. */
    async make(): Promise<void> {
      await kubectl.apply([namespaceOf(OPEN, { [PERMITTED]: 'team/.*' }), namespaceOf(CLOSED)]);
      for (const namespace of [OPEN, CLOSED]) {
        await kubectl.waitFor('create', ['-n', namespace, 'serviceaccount/default']);
      }
      const command = ['sleep', 'infinity'];
      const app = 'waiting';
      await kubectl.apply([
        pod({ namespace: OPEN, name: 'plain', app, command }),
        pod({ namespace: OPEN, name: 'app', role: ROLE_NAME, app, command }),
        pod({ namespace: CLOSED, name: 'refused', role: ROLE_NAME, app, command }),
      ]);
      await kubectl.waitFor('condition=Ready', ['-n', OPEN, 'pod/plain', 'pod/app']);
      await kubectl.waitFor('condition=Ready', ['-n', CLOSED, 'pod/refused']);
    },
    /** At once, each with a role of its own: what one has says nothing about another. */
    startMany: (count: number, prefix = 'swarm') =>
      kubectl.apply(
        Array.from({ length: count }, (_, number) =>
          pod({
            namespace: OPEN,
            name: `${prefix}-${number}`,
            role: `team/${prefix}-${number}`,
            app: 'swarm',
            command: ['python3', '/app/first_credentials.py'],
          }),
        ),
      ),
    removeMany: () => kubectl.remove('-n', OPEN, 'pods', '-l', 'app=swarm'),
    remove: () => kubectl.remove('namespace', OPEN, CLOSED),
  };
}

interface PodWish {
  readonly namespace: string;
  readonly name: string;
  /** Undefined: not annotated. */
  readonly role?: string;
  readonly app: string;
  readonly command: readonly string[];
}

function podOf(
  { namespace, name, role, app, command }: PodWish,
  { node, stsEndpoint }: { node: string; stsEndpoint: string },
) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace,
      name,
      labels: { app },
      ...(role !== undefined && { annotations: { [ROLE]: role } }),
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
          ],
        },
      ],
    },
  };
}

export type TestPods = ReturnType<typeof createTestPods>;

function namespaceOf(name: string, annotations: Readonly<Record<string, string>> = {}) {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations } };
}
