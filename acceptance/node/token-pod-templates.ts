import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { IMAGES } from './images.ts';
import { PERMITTED_NAMESPACE, TOKEN_NAMESPACE } from './test-pods.ts';

const ROLE = 'iam.amazonaws.com/role';
const EXAMPLE = fileURLToPath(
  new URL('../../docs/examples/container-credentials-manual.yaml', import.meta.url),
);

/** Writes its result to its log. */
export const REQUEST = 'python3 /app/first_credentials.py';

type Labels = Readonly<Record<string, string>>;

/** Objects with Pods whose containers request credentials and then wait. Each Pod has the role team/APP and the label `app`. */
export function createTemplates({ node, stsEndpoint }: { node: string; stsEndpoint: string }) {
  const environment = [
    { name: 'AWS_ENDPOINT_URL_STS', value: stsEndpoint },
    { name: 'AWS_DEFAULT_REGION', value: 'us-east-1' },
  ];
  const program = {
    image: IMAGES.client,
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-c', `${REQUEST}; exec sleep infinity`],
  };
  const metadataOf = (app: string, labels: Labels = {}) => ({
    labels: { app, ...labels },
    annotations: { [ROLE]: `team/${app}` },
  });
  const specOf = (spec: object) => ({
    nodeSelector: { 'kubernetes.io/hostname': node },
    terminationGracePeriodSeconds: 0,
    automountServiceAccountToken: false,
    ...spec,
  });

  return {
    container: (name: string, { env = [], ...more }: ContainerOptions = {}) => ({
      name,
      ...program,
      env: [...environment, ...env],
      ...more,
    }),
    pod: (app: string, spec: object, labels?: Labels) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: TOKEN_NAMESPACE, name: app, ...metadataOf(app, labels) },
      spec: specOf({ restartPolicy: 'Never', ...spec }),
    }),
    workload: (kind: 'Deployment' | 'DaemonSet', app: string, spec: object) => ({
      apiVersion: 'apps/v1',
      kind,
      metadata: { namespace: TOKEN_NAMESPACE, name: app },
      spec: {
        selector: { matchLabels: { app } },
        template: { metadata: metadataOf(app), spec: specOf(spec) },
      },
    }),
    /** The example of the documentation, in a Namespace without the label. */
    manual: async (app: string, spec: object) => {
      const example = parse(await readFile(EXAMPLE, 'utf8')) as ExamplePod;
      const containers = example.spec.containers.map((container) => ({
        ...container,
        ...program,
        env: [...container.env, ...environment],
      }));
      return {
        ...example,
        metadata: { namespace: PERMITTED_NAMESPACE, name: app, ...metadataOf(app) },
        spec: specOf({ ...example.spec, ...spec, containers }),
      };
    },
  };
}

interface ContainerOptions extends Readonly<Record<string, unknown>> {
  readonly env?: readonly { readonly name: string; readonly value: string }[];
}

interface ExamplePod {
  readonly spec: { readonly containers: readonly { readonly env: readonly object[] }[] };
}
