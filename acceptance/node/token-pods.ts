import { eventually } from '@rolegate/testing';
import { IRSA_LABEL } from './irsa-webhook.ts';
import type { Kubectl } from './kubectl.ts';
import { parseJson } from './parse-json.ts';
import { PERMITTED_NAMESPACE, TOKEN_NAMESPACE } from './test-pods.ts';
import { createTemplates, REQUEST } from './token-pod-templates.ts';

const LABEL = { 'rolegate.dev/credentials': 'token' };
const HOST_NETWORK = { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' };
/** Starts containers, Python and boto3 on a busy machine. */
const RESULT = { withinMs: 90_000, everyMs: 500 };

/** Written by client/first_credentials.py. */
export interface BotoResult {
  /** boto3's name of the provider. */
  readonly method?: string;
  readonly arn?: string;
  readonly error?: string;
}

/** A container, by default `app`, of the only Pod with the label `app`. */
export interface ContainerName {
  readonly namespace?: string;
  readonly app: string;
  readonly container?: string;
}

export interface TokenPodsDeps {
  readonly kubectl: Kubectl;
  readonly node: string;
  readonly stsEndpoint: string;
}

/** Creates Pods that request credentials with boto3's defaults when they start. Each has the role team/APP. */
export function createTokenPods({ kubectl, ...deps }: TokenPodsDeps) {
  const templates = createTemplates(deps);
  return {
    ...createStarts({ kubectl, ...templates }),
    async create(): Promise<void> {
      const annotations = { 'iam.amazonaws.com/permitted': 'team/.*' };
      const metadata = { name: TOKEN_NAMESPACE, annotations, labels: LABEL };
      await kubectl.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata }]);
      await kubectl.waitFor('create', ['-n', TOKEN_NAMESPACE, 'serviceaccount/default']);
    },
    /** The names of the volumes of a Pod. */
    async volumesOf(name: string): Promise<string[]> {
      const { spec } = (await kubectl.json('-n', TOKEN_NAMESPACE, 'get', 'pod', name)) as PodWithVolumes;
      return (spec.volumes ?? []).map((volume) => volume.name);
    },
    /** Waits for the result of boto3 in the container. */
    result: ({ namespace = TOKEN_NAMESPACE, app, container = 'app' }: ContainerName) =>
      eventually(async () => {
        const of = ['-l', `app=${app}`, '-c', container];
        const log = await kubectl.call(['-n', namespace, 'logs', ...of, '--tail=-1']);
        const results = log.split('\n').map((line) => parseJson(line) as BotoResult | undefined);
        const found = results.find((line) => line !== undefined);
        if (found === undefined) throw new Error(`${app}, ${container} has no result: ${log.slice(-400)}`);
        return found;
      }, RESULT),
    async remove(): Promise<void> {
      await kubectl.remove('-n', PERMITTED_NAMESPACE, 'pod', 'manual');
      await kubectl.remove('namespace', TOKEN_NAMESPACE);
    },
  };
}

export type TokenPods = ReturnType<typeof createTokenPods>;

function createStarts({
  kubectl,
  container,
  pod,
  workload,
  manual,
}: ReturnType<typeof createTemplates> & Pick<TokenPodsDeps, 'kubectl'>) {
  return {
    /** The Deployment `web` has an init container and a sidecar. The Pods of the DaemonSet `host` are on the host network. */
    startWorkloads: () =>
      kubectl.apply([
        workload('Deployment', 'web', {
          initContainers: [
            container('init', { command: ['sh', '-c', `${REQUEST} || true`] }),
            container('sidecar', { restartPolicy: 'Always' }),
          ],
          containers: [container('app')],
        }),
        workload('DaemonSet', 'host', {
          ...HOST_NETWORK,
          containers: [container('app')],
        }),
      ]),
    /** The Pod `keys` sets its own keys, and the Pod `volume` has a volume of the policy's name. */
    startLeftAlone: () =>
      kubectl.apply([
        pod('keys', {
          containers: [
            container('app', {
              env: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].map((name) => ({
                name,
                value: 'of-the-pod',
              })),
            }),
          ],
        }),
        pod('volume', {
          volumes: [{ name: 'rolegate-token', emptyDir: {} }],
          containers: [container('app')],
        }),
      ]),
    /** The Pod `manual` is the example of the documentation, on the host network. */
    startManual: async () => kubectl.apply([await manual('manual', HOST_NETWORK)]),
    /** The Pod `both` gets a token from the policy, and the variables of IRSA from a webhook. */
    startWithIrsa: () => kubectl.apply([pod('both', { containers: [container('app')] }, IRSA_LABEL)]),
    /** The Pod `hijacker` wants the port of the endpoint on the node. */
    startHijacker: () =>
      kubectl.apply([
        pod('hijacker', {
          containers: [
            container('app', {
              command: ['python3', '-m', 'http.server', '8182'],
              ports: [{ containerPort: 8182, hostPort: 8182 }],
            }),
          ],
        }),
      ]),
  };
}

interface PodWithVolumes {
  readonly spec: { readonly volumes?: readonly { readonly name: string }[] };
}
