import { sdkEnvironment } from './caller-identity.ts';
import { expectationOf } from './expectation.ts';
import { NODE_IP } from './program-flags.ts';
import type { SandboxPod } from './sandbox-node.ts';
import { pluginFolder } from './plugin.ts';
import { tokenEnvironment } from './token-client.ts';
import type { World } from './world.ts';

/** Printed before anything that takes time. */
export const STARTING = 'Starting two servers and one agent.';

/** The text that the sandbox starts with: the Pods, what each should get, and commands to try. */
export function describePods(world: World, folder: string): string {
  const { pods } = world.node;
  const first = pods.find(({ hostNetwork }) => !hostNetwork);
  const { host, port } = world.agent;
  const table = columns([
    ['POD', 'ADDRESS', 'SDK PORT', 'POD ANNOTATION', 'EXPECTED RESULT'],
    ...pods.map((pod) => [
      podName(pod),
      pod.hostNetwork ? NODE_IP : pod.ip,
      pod.hostNetwork ? '-' : String(pod.port),
      annotatedRole(pod),
      expectationOf(pod.manifest, world.manifests),
    ]),
  ]);
  if (first === undefined)
    return `No Pod in ${folder} has a Pod network. Add one that does not set hostNetwork.\n`;
  const url = `http://${host}:${port}/latest`;
  const { AWS_REGION, ...endpoints } = sdkEnvironment({
    metadataPort: first.port,
    stsEndpoint: world.sts.url,
  });
  // Version 1 of the CLI does not read AWS_REGION.
  const environment = Object.entries({ ...endpoints, AWS_DEFAULT_REGION: AWS_REGION });
  return [
    '',
    'Rolegate is running on loopback: two servers, one agent, and stand-ins for the Kubernetes API, STS and IMDS.',
    "Each Pod has its own address, and the agent tells Pods apart by it. A Pod on the host network has the node's address;",
    'its ServiceAccount token says who it is.',
    '',
    table,
    '',
    'Paste this into a second terminal. `as ADDRESS PATH` asks the agent for PATH as the Pod with that address;',
    '`kubectl-rolegate`, or `kubectl rolegate` if you have kubectl, asks this sandbox whatever your kubeconfig says:',
    `  imds=${url}`,
    '  as() {',
    "    token=$(curl -sS --interface $1 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 600' $imds/api/token)",
    `    curl -sS -w '\\n%{http_code}\\n' --interface $1 -H "X-aws-ec2-metadata-token: $token" $imds/$2`,
    '  }',
    `  export PATH=${pluginFolder(world)}:$PATH`,
    '',
    `Get the role name of ${podName(first)}. To get the credentials, append the name:`,
    `  as ${first.ip} meta-data/iam/security-credentials/`,
    '',
    `Use the credentials with the AWS CLI. For another Pod, replace ${first.port} by its SDK port:`,
    `  ${environment.map(([key, value]) => `${key}=${value}`).join(' ')} aws sts get-caller-identity`,
    '',
    ...byTokenText(world),
    'Ask why a Pod gets what it gets, and what happened:',
    `  kubectl-rolegate explain ${podName(first)}`,
    '  kubectl-rolegate logs',
    '',
    `To change a role or a permit, edit a manifest in ${folder}. Changes take effect within a second.`,
    'Press Ctrl-C to stop. The log of all programs follows.',
    '',
  ].join('\n');
}

/** Commands for a Pod on the host network; none without one. */
function byTokenText({ node, containerCredentials: endpoint }: World): string[] {
  const pod = node.pods.find(({ hostNetwork }) => hostNetwork);
  if (pod?.tokenFile === undefined) return [];
  const { AWS_CONTAINER_CREDENTIALS_FULL_URI: url } = tokenEnvironment({
    endpoint,
    tokenFile: pod.tokenFile,
  });
  return [
    `Get the credentials of ${podName(pod)} by its token. With --interface and the address of another Pod, it is refused:`,
    `  curl -sS -w '\\n%{http_code}\\n' -H "Authorization: $(cat ${pod.tokenFile})" ${url}`,
    '',
  ];
}

/** `namespace/name at ADDRESS (expected result)`, for a Pod that was added later. */
export function describePod(pod: SandboxPod, { manifests }: Pick<World, 'manifests'>): string {
  return `${podName(pod)} at ${pod.ip} (${expectationOf(pod.manifest, manifests)})`;
}

function podName({ manifest: { metadata } }: SandboxPod): string {
  return `${metadata.namespace ?? 'default'}/${metadata.name}`;
}

function annotatedRole({ manifest }: SandboxPod): string {
  return manifest.metadata.annotations?.['iam.amazonaws.com/role'] ?? '-';
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
