import { readFileSync } from 'node:fs';
import { attachArtifactToImage, getRegistryCredentials } from '@sigstore/oci';
import { run } from './run.ts';

const SBOM_TYPE = 'application/vnd.cyclonedx+json';

/** A manifest in a registry. */
export interface Published {
  /** `REGISTRY/rolegate-agent`. */
  readonly repository: string;
  /** `sha256:…`. */
  readonly digest: string;
}

/**
 * Attaches an SBOM to an image as an OCI referrer, with the tag of the referrers tag schema in registries without the referrers API
 * (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers). `timestamp` is in Unix seconds.
 */
export async function attachSbom(image: Published, file: string, timestamp: number): Promise<Published> {
  const credentials = credentialsFor(image.repository);
  const { digest } = await attachArtifactToImage({
    imageName: image.repository,
    imageDigest: image.digest,
    mediaType: SBOM_TYPE,
    artifact: readFileSync(file),
    annotations: { 'org.opencontainers.image.created': new Date(timestamp * 1000).toISOString() },
    // Without credentials, which its types require, the library skips the login, which fails at a registry that has none.
    ...(credentials && { credentials }),
  } as AttachOptions);
  return { repository: image.repository, digest };
}

type AttachOptions = Parameters<typeof attachArtifactToImage>[0];

/** Undefined: the user is not logged in. */
function credentialsFor(repository: string): AttachOptions['credentials'] | undefined {
  try {
    return getRegistryCredentials(repository);
  } catch {
    return undefined;
  }
}

/** Pushes a chart's archive to `REGISTRY/charts`. */
export async function pushChart(archive: string, registry: string): Promise<Published> {
  // helm writes what it pushed to standard error.
  const output = await run([
    'sh',
    '-c',
    '"$@" 2>&1',
    'sh',
    helm,
    'push',
    archive,
    `oci://${registry}/charts`,
  ]);
  const repository = /^Pushed: (\S+):\S+$/m.exec(output)?.[1];
  const digest = /^Digest: (sha256:[0-9a-f]{64})$/m.exec(output)?.[1];
  if (repository === undefined || digest === undefined)
    throw new Error(`helm push printed no reference and digest:\n${output}`);
  return { repository, digest };
}

export const helm = process.env['HELM'] ?? 'helm';

/** Signs a manifest and those that it lists, with a key or with the identity of the CI job. */
export async function sign({ repository, digest }: Published, key: string): Promise<void> {
  await run(['cosign', 'sign', ...signFlags(key), '--recursive', `${repository}@${digest}`]);
}

/** Signs a file, and writes the signature next to it. */
export async function signFile(file: string, key: string): Promise<void> {
  const certificate = key === IDENTITY ? [`--output-certificate=${file}.pem`] : [];
  await run([
    'cosign',
    'sign-blob',
    ...signFlags(key),
    `--output-signature=${file}.sig`,
    ...certificate,
    file,
  ]);
}

const IDENTITY = 'identity';

/** With a key, nothing is sent to the public log, because names in a private registry are private. An identity is only proven by it. */
function signFlags(key: string): string[] {
  return key === IDENTITY ? ['--yes'] : ['--yes', '--tlog-upload=false', `--key=${key}`];
}
