import type { Kubectl } from '../kubectl.ts';
import { namespaceOf, podOf } from '../test-pods.ts';
import type { PodOptions } from '../test-pods.ts';

/** A Namespace that permits what its Pods ask for. */
export const SHOP = 'shop';
/** A Namespace that permits nothing. */
export const REPORTS = 'reports';
/** A Node without a kubelet, on which no agent runs. */
export const GHOST = 'ghost';
/** Roles with which STS fails. */
export const FAILING_ROLES = { untrusted: 'AccessDenied', throttled: 'Throttling' } as const;

/** What the Namespace `shop` permits. */
const SHOP_ROLES = ['cart', 'late', ...Object.keys(FAILING_ROLES)];
export const ROLE_PREFIX = 'arn:aws:iam::123456789012:role/';
const IDLE = ['sleep', 'infinity'];
const onGhost = { nodeName: GHOST, nodeSelector: {}, tolerations: [{ operator: 'Exists' }] };

/** One Pod for each fault of a Pod, and `cart`, which gets its role. */
const PODS: readonly Omit<PodOptions, 'app' | 'command'>[] = [
  { namespace: SHOP, name: 'cart', role: 'cart' },
  { namespace: REPORTS, name: 'nightly', role: 'nightly' },
  { namespace: SHOP, name: 'wrong-account', role: 'arn:aws:iam::999999999999:role/cart' },
  ...Object.keys(FAILING_ROLES).map((role) => ({ namespace: SHOP, name: role, role })),
  {
    namespace: SHOP,
    name: 'irsa',
    role: 'cart',
    env: [
      { name: 'AWS_ROLE_ARN', value: `${ROLE_PREFIX}irsa` },
      { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: '/var/run/secrets/eks.amazonaws.com/token' },
    ],
  },
  {
    namespace: SHOP,
    name: 'static-keys',
    role: 'cart',
    env: [
      { name: 'AWS_ACCESS_KEY_ID', value: 'AKIAIOSFODNN7EXAMPLE' },
      { name: 'AWS_SECRET_ACCESS_KEY', value: 'none' },
    ],
  },
  { namespace: SHOP, name: 'on-host', role: 'cart', spec: { hostNetwork: true } },
  { namespace: SHOP, name: 'stranded', role: 'cart', spec: onGhost },
  {
    namespace: SHOP,
    name: 'mirror',
    role: 'cart',
    // As the kubelet marks the mirror of a static Pod.
    annotations: { 'kubernetes.io/config.mirror': 'x', 'kubernetes.io/config.hash': 'x' },
    spec: onGhost,
  },
];

export function createFaultPods(kubectl: Kubectl, place: { node: string; stsEndpoint: string }) {
  const pod = (options: Omit<PodOptions, 'app' | 'command'>) =>
    podOf({ ...options, app: options.name, command: IDLE }, place);

  /** Nobody ends the Pods on the Node without a kubelet. */
  async function remove(names: readonly string[]): Promise<void> {
    await kubectl.remove('-n', SHOP, '--grace-period=0', '--force', 'pod', ...names);
    await kubectl.remove('node', GHOST);
  }

  return {
    /** With the Node `ghost`. The Pods on it never run. */
    async create(): Promise<void> {
      await kubectl.apply([
        {
          apiVersion: 'v1',
          kind: 'Node',
          metadata: { name: GHOST, labels: { 'kubernetes.io/os': 'linux' } },
        },
        namespaceOf(SHOP, { 'iam.amazonaws.com/allowed-roles': JSON.stringify(SHOP_ROLES) }),
        namespaceOf(REPORTS),
      ]);
      for (const namespace of [SHOP, REPORTS])
        await kubectl.waitFor('create', ['-n', namespace, 'serviceaccount/default']);
      await kubectl.apply(PODS.map(pod));
      const running = PODS.filter(({ spec }) => spec !== onGhost);
      for (const namespace of [SHOP, REPORTS]) {
        const names = running.filter((one) => one.namespace === namespace).map(({ name }) => `pod/${name}`);
        await kubectl.waitFor('condition=Ready', ['-n', namespace, ...names]);
      }
    },
    /** A Pod in the Namespace `shop` that nobody knows yet. */
    start: (name: string) => kubectl.apply([pod({ namespace: SHOP, name, role: name })]),
    /** Keeps `cart` and `nightly`, in which nothing is wrong but the missing permit. */
    removeFaulty: () =>
      remove(PODS.map(({ name }) => name).filter((name) => name !== 'cart' && name !== 'nightly')),
    async remove(): Promise<void> {
      await remove(PODS.map(({ name }) => name));
      await kubectl.remove('namespace', SHOP, REPORTS);
    },
  };
}

export type FaultPods = ReturnType<typeof createFaultPods>;
