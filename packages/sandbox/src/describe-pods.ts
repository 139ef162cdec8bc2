import { sdkEnvironment } from './caller-identity.ts';
import { expectationOf } from './expectation.ts';
import type { SandboxPod } from './sandbox-node.ts';
import type { World } from './world.ts';

/** The Pods, what each should get, and commands to try, as one text. */
export function describePods(world: World, folder: string): string {
  const pods = world.node.pods.filter(({ hostNetwork }) => !hostNetwork);
  const [first] = pods;
  const { host, port } = world.agent;
  const table = columns([
    ['POD', 'ADDRESS', 'PORT FOR AN SDK', 'ANNOTATED ROLE', 'SHOULD GET'],
    ...pods.map((pod) => [
      podName(pod),
      pod.ip,
      String(pod.port),
      annotatedRole(pod),
      expectationOf(pod.manifest, world.manifests),
    ]),
  ]);
  if (first === undefined) return `${folder} holds no Pod with a network of its own\n`;
  const url = `http://${host}:${port}/latest`;
  const environment = Object.entries(
    sdkEnvironment({ metadataPort: first.port, stsEndpoint: world.sts.url }),
  );
  return [
    table,
    '',
    `As ${podName(first)}, by hand:`,
    `  token=$(curl -s --interface ${first.ip} -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 600' ${url}/api/token)`,
    `  curl -s --interface ${first.ip} -H "X-aws-ec2-metadata-token: $token" ${url}/meta-data/iam/security-credentials/`,
    '',
    'and through an SDK (another Pod: its port):',
    `  ${environment.map(([key, value]) => `${key}=${value}`).join(' ')} aws sts get-caller-identity`,
    '',
    `Edit a manifest in ${folder}: it takes effect live. The agent's log follows; Ctrl-C ends it.`,
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
