/** The audience in the rendering with the values of container-credentials. */
export const AUDIENCE = 'rolegate.example.org';
export const LABEL = 'rolegate.dev/credentials';
export const URI = 'AWS_CONTAINER_CREDENTIALS_FULL_URI';
export const TOKEN_FILE = 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE';
export const MOUNT = '/var/run/secrets/rolegate.dev/serviceaccount';
export const VOLUME = 'rolegate-token';

export interface Container extends Readonly<Record<string, unknown>> {
  readonly name: string;
  readonly env?: readonly (Readonly<Record<string, unknown>> & { readonly name: string })[];
  readonly volumeMounts?: readonly VolumeMount[];
}

interface VolumeMount extends Readonly<Record<string, unknown>> {
  readonly name: string;
  readonly mountPath: string;
}

interface Volume extends Readonly<Record<string, unknown>> {
  readonly name: string;
}

export interface PodSpec extends Readonly<Record<string, unknown>> {
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes?: readonly Volume[];
}

/** A Pod, and the containers that the policy serves. */
export interface PodShape {
  /** Continues "a Pod". */
  readonly title: string;
  readonly spec: PodSpec;
  /** Of a Pod in a Namespace without the label. */
  readonly unlabelled?: true;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Names of the containers, init containers first. */
  readonly served: readonly string[];
}

const container = (name: string, more: Partial<Container> = {}): Container => ({
  name,
  image: 'example.invalid/app',
  ...more,
});
const setting = (...names: string[]) => ({ env: names.map((name) => ({ name, value: 'of the Pod' })) });
const app = (more: Partial<Container> = {}): PodSpec => ({ containers: [container('app', more)] });
const mounting = (mountPath: string, name = 'data'): VolumeMount => ({ name, mountPath });
const data: Volume = { name: 'data', emptyDir: {} };
const tokenOf = (audience: string, path = 'token'): Volume => ({
  name: VOLUME,
  projected: { sources: [{ serviceAccountToken: { audience, expirationSeconds: 3_600, path } }] },
});

/** Mounts with which the policy would collide. */
const OWN_MOUNTS = [MOUNT, `${MOUNT}/`, `${MOUNT}/more`];
/** Variables that give a container credentials of its own. */
const OWN_VARIABLES = [
  URI,
  TOKEN_FILE,
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_ROLE_ARN',
  'AWS_ACCESS_KEY_ID',
];

const ofContainers: readonly PodShape[] = [
  { title: 'with one container', spec: app(), served: ['app'] },
  {
    title: 'with three containers',
    spec: { containers: ['a', 'b', 'c'].map((name) => container(name)) },
    served: ['a', 'b', 'c'],
  },
  { title: 'with variables', spec: app(setting('A', 'B')), served: ['app'] },
  {
    title: 'with a variable of a field',
    spec: app({ env: [{ name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }] }),
    served: ['app'],
  },
  {
    title: 'with variables of a ConfigMap',
    spec: app({ envFrom: [{ configMapRef: { name: 'variables', optional: true } }] }),
    served: ['app'],
  },
  { title: 'with a variable twice', spec: app(setting('A', 'B', 'A')), served: ['app'] },
  {
    title: 'with a port twice',
    spec: app({ ports: ['a', 'b'].map((name) => ({ name, containerPort: 80 })) }),
    served: ['app'],
  },
  {
    title: 'with an init container and a sidecar',
    spec: {
      initContainers: [container('init'), container('sidecar', { restartPolicy: 'Always' })],
      containers: [container('app')],
    },
    served: ['init', 'sidecar', 'app'],
  },
  {
    title: 'with variables in its init container',
    spec: { initContainers: [container('init', setting('A'))], ...app(setting('B')) },
    served: ['init', 'app'],
  },
  { title: 'on the host network', spec: { hostNetwork: true, ...app() }, served: ['app'] },
];

const ofVolumes: readonly PodShape[] = [
  {
    title: 'without any volume',
    spec: { automountServiceAccountToken: false, ...app() },
    served: ['app'],
  },
  {
    title: 'with a volume and a mount',
    spec: { volumes: [data], ...app({ volumeMounts: [mounting('/data')] }) },
    served: ['app'],
  },
  ...OWN_MOUNTS.map((path): PodShape => ({
    title: `with a mount of its own at ${path} in one container`,
    spec: {
      volumes: [data],
      containers: [container('app', { volumeMounts: [mounting(path)] }), container('other')],
    },
    served: ['other'],
  })),
  {
    title: `with a mount beside ${MOUNT}`,
    spec: { volumes: [data], ...app({ volumeMounts: [mounting(`${MOUNT}-of-another`)] }) },
    served: ['app'],
  },
  {
    title: `with another volume called ${VOLUME}`,
    spec: { volumes: [{ ...data, name: VOLUME }], ...app() },
    served: [],
  },
  {
    title: `with a volume ${VOLUME} for another audience`,
    spec: { volumes: [tokenOf('vault')], ...app() },
    served: [],
  },
  {
    title: `with a volume ${VOLUME} that has the token under another name`,
    spec: { volumes: [tokenOf(AUDIENCE, 'jwt')], ...app() },
    served: [],
  },
  {
    title: 'with the token volume, but variables in one container only',
    spec: {
      volumes: [tokenOf(AUDIENCE)],
      containers: [
        container('manual', { ...setting(URI, TOKEN_FILE), volumeMounts: [mounting(MOUNT, VOLUME)] }),
        container('other'),
      ],
    },
    served: ['other'],
  },
];

const ofOwnCredentials: readonly PodShape[] = [
  ...OWN_VARIABLES.map((name): PodShape => ({
    title: `with ${name} in one of two containers`,
    spec: { containers: [container('own', setting(name)), container('other')] },
    served: ['other'],
  })),
  {
    title: 'with credentials of its own in every container',
    spec: { initContainers: [container('init', setting('AWS_ROLE_ARN'))], ...app(setting(URI, TOKEN_FILE)) },
    served: [],
  },
  {
    title: 'with credentials of its own in all but the init container',
    spec: { initContainers: [container('init')], ...app(setting('AWS_ACCESS_KEY_ID')) },
    served: ['init'],
  },
  {
    title: 'with a token file for IRSA but no role',
    spec: app(setting('AWS_WEB_IDENTITY_TOKEN_FILE')),
    served: ['app'],
  },
];

const ofLabels: readonly PodShape[] = [
  { title: 'with the label, as its Namespace', spec: app(), labels: { [LABEL]: 'token' }, served: ['app'] },
  { title: 'with the label off', spec: app(), labels: { [LABEL]: 'off' }, served: [] },
  { title: 'with other labels', spec: app(), labels: { app: 'web' }, served: ['app'] },
  {
    title: 'with the label in a Namespace without it',
    spec: app(),
    unlabelled: true,
    labels: { [LABEL]: 'token' },
    served: ['app'],
  },
  { title: 'in a Namespace without the label', spec: app(), unlabelled: true, served: [] },
  {
    title: 'that mirrors a static Pod',
    spec: { nodeName: 'node', ...app() },
    annotations: { 'kubernetes.io/config.mirror': 'a' },
    served: [],
  },
];

export const podShapes: readonly PodShape[] = [
  ...ofContainers,
  ...ofVolumes,
  ...ofOwnCredentials,
  ...ofLabels,
];
