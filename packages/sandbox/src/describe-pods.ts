import { sdkEnvironment } from './caller-identity.ts';
import { expectationOf } from './expectation.ts';
import type { SandboxPod } from './sandbox-node.ts';
import type { World } from './world.ts';

/** The text that the sandbox starts with: the Pods, what each should get, and commands to try. */
export function describePods(world: World, folder: string): string {
  const pods = world.node.pods.filter(({ hostNetwork }) => !hostNetwork);
  const [first] = pods;
  const { host, port } = world.agent;
  const table = columns([
    ['POD', 'ADDRESS', 'SDK PORT', 'ROLE ANNOTATION', 'EXPECTED RESULT'],
    ...pods.map((pod) => [
      podName(pod),
      pod.ip,
      String(pod.port),
      annotatedRole(pod),
      expectationOf(pod.manifest, world.manifests),
    ]),
  ]);
  if (first === undefined)
    return `No Pod in ${folder} has a Pod network. Add one that does not set hostNetwork.\n`;
  const url = `http://${host}:${port}/latest`;
  const environment = Object.entries(
    sdkEnvironment({ metadataPort: first.port, stsEndpoint: world.sts.url }),
  );
  return [
    '',
    `Rolegate is running on loopback: ${world.servers.length} servers, an agent, and stand-ins for the Kubernetes API, STS and IMDS.`,
    'Each Pod has an address of its own, by which the agent recognizes it.',
    '',
    table,
    '',
    `Get the role name as ${podName(first)} with curl (append it to the last URL to get the credentials):`,
    `  token=$(curl -s --interface ${first.ip} -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 600' ${url}/api/token)`,
    `  curl -s --interface ${first.ip} -H "X-aws-ec2-metadata-token: $token" ${url}/meta-data/iam/security-credentials/`,
    '',
    'Use the credentials with the AWS CLI (for another Pod, use its SDK port):',
    `  ${environment.map(([key, value]) => `${key}=${value}`).join(' ')} aws sts get-caller-identity`,
    '',
    `To change a role or a permit, edit a manifest in ${folder}. It takes effect within a second.`,
    "Press Ctrl-C to stop. The agent's log follows.",
    '',
  ].join('\n');
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
