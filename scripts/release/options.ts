import { parseArgs } from 'node:util';

export const USAGE = `npm run release -- --registry REGISTRY [OPTION...]

Builds the images of both programs, their SBOMs, both charts, whose default images are these by digest, and the npm package of the
kubectl plugin.

  --registry REGISTRY  where images and charts belong, such as ghcr.io/rolegate; on localhost or 127.0.0.1 by plain HTTP
  --push               push images, SBOMs and charts, to the registries that "docker login" knows
  --sign KEY           sign what is pushed: a cosign key (file or KMS address), or "identity" for the identity of the CI job
  --no-build           publish what the last run on this machine built in --out
  --out DIR            where charts, npm package, SBOMs, digests and checksums go (dist/release)
  --platforms LIST     architectures of the images (amd64,arm64)`;

export const allPlatforms = ['amd64', 'arm64'] as const;
/** The name of an architecture in images. */
export type Platform = (typeof allPlatforms)[number];

export interface Options {
  /** Without a trailing slash. */
  readonly registry: string;
  readonly push: boolean;
  /** A key for cosign, or `identity`. */
  readonly sign: string | undefined;
  readonly build: boolean;
  readonly out: string;
  readonly platforms: readonly Platform[];
}

/** Throws an error that names everything wrong with the command line. */
export function parseOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      registry: { type: 'string', default: '' },
      push: { type: 'boolean', default: false },
      sign: { type: 'string' },
      'no-build': { type: 'boolean', default: false },
      out: { type: 'string', default: 'dist/release' },
      platforms: { type: 'string', default: allPlatforms.join(',') },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const registry = values.registry.replace(/\/+$/, '');
  const faults: string[] = [];
  if (!REGISTRY.test(registry))
    faults.push('--registry must be a host with an optional path, such as ghcr.io/rolegate');
  if (values.sign !== undefined && !values.push)
    faults.push('--sign needs --push, because the registry keeps the signatures');
  if (values['no-build'] && !values.push) faults.push('--no-build needs --push');
  const { platforms, unknown } = parsePlatforms(values.platforms);
  for (const name of unknown)
    faults.push(`--platforms: "${name}" is unknown; use ${allPlatforms.join(' or ')}`);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  const { push, sign, out } = values;
  return { registry, push, sign, build: !values['no-build'], out, platforms };
}

/** Splits a list of architectures, each once. */
export function parsePlatforms(list: string) {
  const names = new Set(list.split(',').map((name) => name.trim()));
  const platforms = allPlatforms.filter((platform) => names.delete(platform));
  return { platforms, unknown: [...names] };
}

/** A host with a port or a dot, and lowercase path components, as in a reference to an image. */
const REGISTRY =
  /^(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+|[a-z0-9-]+(?=:))(?::\d+)?(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/;

/** Whether the registry is on this machine, where plain HTTP is safe. */
export function isLoopback(registry: string): boolean {
  return /^(?:localhost|127\.0\.0\.1)(?:[:/]|$)/.test(registry);
}
