import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createTestCa } from '@rolegate/testing';
import { IMAGES } from './images.ts';
import type { Kubectl } from './kubectl.ts';
import { TOKEN_NAMESPACE } from './test-pods.ts';

const NAME = 'irsa-webhook';
/** The role that the webhook gives to Pods. */
export const IRSA_ROLE = 'irsa';
/** Pods with this label get the variables of IRSA. */
export const IRSA_LABEL = { irsa: 'true' };
const SCRIPT = fileURLToPath(new URL('client/irsa_webhook.py', import.meta.url));
const PORT = 8443;

/** Installs a webhook that adds the variables of IRSA, as the one of EKS does, after all admission policies. */
export async function installIrsaWebhook(kubectl: Kubectl, node: string): Promise<void> {
  const ca = await createTestCa({ name: NAME });
  const { cert, key } = await ca.issue({ dns: [`${NAME}.${TOKEN_NAMESPACE}.svc`], usages: ['server'] });
  const metadata = { namespace: TOKEN_NAMESPACE, name: NAME };
  const labels = { app: NAME };
  await kubectl.apply([
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      stringData: { 'webhook.py': await readFile(SCRIPT, 'utf8'), 'tls.crt': cert, 'tls.key': key },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: labels, ports: [{ port: 443, targetPort: PORT }] },
    },
    { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, labels }, spec: podSpec(node) },
  ]);
  await kubectl.waitFor('condition=Ready', ['-n', TOKEN_NAMESPACE, `pod/${NAME}`]);
  await kubectl.apply([configuration(Buffer.from(ca.pem).toString('base64'))]);
}

export async function removeIrsaWebhook(kubectl: Kubectl): Promise<void> {
  await kubectl.remove('mutatingwebhookconfiguration', NAME);
}

function podSpec(node: string) {
  return {
    nodeSelector: { 'kubernetes.io/hostname': node },
    terminationGracePeriodSeconds: 0,
    automountServiceAccountToken: false,
    volumes: [{ name: 'files', secret: { secretName: NAME } }],
    containers: [
      {
        name: 'webhook',
        image: IMAGES.client,
        imagePullPolicy: 'IfNotPresent',
        command: ['python3', '/files/webhook.py', `${PORT}`, `arn:aws:iam::123456789012:role/${IRSA_ROLE}`],
        readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 1 },
        volumeMounts: [{ name: 'files', mountPath: '/files' }],
      },
    ],
  };
}

function configuration(caBundle: string) {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: NAME },
    webhooks: [
      {
        name: `${NAME}.rolegate.dev`,
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        clientConfig: { caBundle, service: { namespace: TOKEN_NAMESPACE, name: NAME } },
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': TOKEN_NAMESPACE } },
        objectSelector: { matchLabels: IRSA_LABEL },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      },
    ],
  };
}
