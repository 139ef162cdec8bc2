import type { KubeConfig, V1Pod } from '@kubernetes/client-node';
import {
  CertificatesV1Api,
  CoreV1Api,
  KubeConfig as OtherKubeConfig,
  PatchStrategy,
  setHeaderOptions,
} from '@kubernetes/client-node';
import { makeCertificateRequest } from '@rolegate/sandbox';
import { eventually } from '@rolegate/testing';
import { kubeconfigOf } from '../../stand-ins/kubeconfig.ts';

const SIGNER = 'kubernetes.io/kube-apiserver-client-kubelet';
/** Six bytes each in JSON. etcd allows 1.5 MB. */
const PADDING = '<'.repeat(1_400_000);
const FINALIZER = 'example.com/stay';
const SIGNED_WITHIN_MS = 30_000;

/** What an attacker can do with a node's credentials. Rejects with the API server's error. */
export interface Kubelet {
  readonly node: string;
  /** Changes a Pod's annotations through pods/status, the only way for a node. */
  annotate(pod: PodName, annotations: Readonly<Record<string, string | null>>): Promise<V1Pod>;
  /** Reports an address of a Pod. */
  report(pod: PodName, ip: string): Promise<V1Pod>;
  /** Creates a mirror Pod, by default on the kubelet's node. */
  mirror(pod: PodName, annotations?: Readonly<Record<string, string>>, on?: NodeName): Promise<V1Pod>;
  /** Pads the Pod's status, so that each of its watch events has 8.4 MB. */
  pad(pod: PodName): Promise<V1Pod>;
  /** Adds a finalizer to the Pod. */
  addFinalizer(pod: PodName): Promise<V1Pod>;
  /** Recreates the Node and returns its UID. */
  register(): Promise<string>;
  /** Requests a token of a ServiceAccount, bound to an object. */
  token(
    account: PodName,
    options: { readonly bound: { kind: 'Pod' | 'Node'; name: string; uid: string } },
  ): Promise<string>;
}

interface NodeName {
  readonly name: string;
  readonly uid: string;
}

interface PodName {
  readonly namespace: string;
  readonly name: string;
}

/** Lets the cluster sign a kubelet certificate for an existing Node. */
export async function createKubelet({
  kubeConfig,
  node,
}: {
  readonly kubeConfig: KubeConfig;
  readonly node: NodeName;
}): Promise<Kubelet> {
  const core = await asNode(kubeConfig, node.name);
  const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
  return {
    node: node.name,
    annotate: (pod, annotations) =>
      core.patchNamespacedPodStatus({ ...pod, body: { metadata: { annotations } } }, merge),
    report: (pod, ip) =>
      core.patchNamespacedPodStatus(
        { ...pod, body: { status: { phase: 'Running', podIP: ip, podIPs: [{ ip }] } } },
        merge,
      ),
    pad: (pod) => core.patchNamespacedPodStatus({ ...pod, body: { status: { message: PADDING } } }, merge),
    addFinalizer: (pod) =>
      core.patchNamespacedPodStatus({ ...pod, body: { metadata: { finalizers: [FINALIZER] } } }, merge),
    async register() {
      const { metadata } = await core.createNode({ body: { metadata: { name: node.name } } });
      return metadata?.uid ?? '';
    },
    mirror: ({ namespace, name }, annotations = {}, on = node) =>
      core.createNamespacedPod({ namespace, body: mirrorPod(name, on, annotations) }),
    async token(account, { bound }) {
      const boundObjectRef = { apiVersion: 'v1', ...bound };
      const { status } = await core.createNamespacedServiceAccountToken({
        ...account,
        body: { spec: { audiences: ['rolegate-server'], expirationSeconds: 600, boundObjectRef } },
      });
      return status?.token ?? '';
    },
  };
}

function mirrorPod(name: string, node: NodeName, annotations: Readonly<Record<string, string>>): V1Pod {
  const hash = 'f0'.repeat(16);
  const owner = { apiVersion: 'v1', kind: 'Node', name: node.name, uid: node.uid, controller: true };
  return {
    metadata: {
      name,
      ownerReferences: [owner],
      annotations: {
        'kubernetes.io/config.mirror': hash,
        'kubernetes.io/config.hash': hash,
        ...annotations,
      },
    },
    spec: { nodeName: node.name, containers: [{ name: 'app', image: 'example.invalid/app' }] },
  };
}

async function asNode(kubeConfig: KubeConfig, node: string): Promise<CoreV1Api> {
  const api = kubeConfig.makeApiClient(CertificatesV1Api);
  const { key, der } = makeCertificateRequest({
    commonName: `system:node:${node}`,
    organization: 'system:nodes',
  });
  const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  const usages = ['digital signature', 'client auth'];
  const request = Buffer.from(pem).toString('base64');
  await api.createCertificateSigningRequest({
    body: { metadata: { name: node }, spec: { request, signerName: SIGNER, usages } },
  });
  const condition = { type: 'Approved', status: 'True', reason: 'Test', message: 'of test:real' };
  await api.patchCertificateSigningRequestApproval(
    { name: node, body: { status: { conditions: [condition] } } },
    setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
  );
  const cert = await eventually(
    async () => {
      const { status } = await api.readCertificateSigningRequest({ name: node });
      if (status?.certificate === undefined) throw new Error('the cluster has not signed the certificate');
      return status.certificate;
    },
    { withinMs: SIGNED_WITHIN_MS, everyMs: 200 },
  );
  await api.deleteCertificateSigningRequest({ name: node });
  const cluster = kubeConfig.getCurrentCluster();
  if (cluster === null) throw new Error('the kubeconfig names no cluster');
  const own = new OtherKubeConfig();
  const user = { 'client-certificate-data': cert, 'client-key-data': Buffer.from(key).toString('base64') };
  own.loadFromString(kubeconfigOf(cluster, user));
  return own.makeApiClient(CoreV1Api);
}
