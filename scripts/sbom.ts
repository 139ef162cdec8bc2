import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Contrib, Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';

const { Builders, Factories, Utils } = Contrib.FromNodePackageJson;
const components = new Builders.ComponentBuilder(
  new Factories.ExternalReferenceFactory(),
  // Distinguishes an expression from the name of one license.
  new Contrib.License.Factories.LicenseFactory((text) => text.includes(' ')),
);

export interface SbomOptions {
  /** Of the repository. */
  readonly root: string;
  /** Of the program, whose package is in `packages/NAME`. */
  readonly name: string;
  /** Of the program. */
  readonly version: string;
  /** Inputs of the bundle in esbuild's metafile, by path from the repository. */
  readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>;
}

/**
 * The content of a bundle as CycloneDX 1.6: the packages from which esbuild took code. The same bundle gives the same
 * text, without time or serial number. Throws if a package has no version or no license.
 */
export function sbomOf({ root, name, version, inputs }: SbomOptions): string {
  const program = componentOf(join(root, 'packages', name), version);
  program.type = Enums.ComponentType.Application;
  const integrities = integritiesOf(root);
  const bom = new Models.Bom({ metadata: new Models.Metadata({ component: program }) });
  const seen = new Set<string>();
  for (const folder of packageFolders(inputs)) {
    const component = componentOf(join(root, folder));
    // The same version may be installed in two places.
    if (seen.size === seen.add(component.bomRef.value ?? '').size) continue;
    const integrity = integrities.get(folder);
    if (integrity !== undefined) component.hashes.set(...Utils.parsePackageIntegrity(integrity));
    bom.components.add(component);
    program.dependencies.add(component.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

export interface ImageSbomOptions {
  /** The SBOMs of the image's bundles, its program's first. */
  readonly bundles: readonly string[];
  readonly node: { readonly version: string; readonly binary: Buffer };
  /** As in os-release, such as `debian` and `12`. */
  readonly distribution: { readonly id: string; readonly version: string };
  /** The control files of its packages. */
  readonly packages: readonly string[];
}

/** Joins the SBOMs of the bundles, and adds Node.js and the distribution's packages. */
export function imageSbomOf({ bundles, node, distribution, packages }: ImageSbomOptions): string {
  const [sbom, ...others] = bundles.map((bundle) => JSON.parse(bundle) as Bundle);
  if (sbom === undefined) throw new Error('the image has no bundle');
  const added = [
    ...others.flatMap(({ metadata, components }) => [metadata.component, ...components]),
    nodeComponent(node),
    ...packages.map((control) => debianComponent(control, distribution)),
  ];
  const components = new Map([...sbom.components, ...added].map((each) => [each['bom-ref'], each]));
  const program = sbom.metadata.component['bom-ref'];
  const dependencies = new Map([...components.keys()].map((ref) => [ref, new Set<string>()]));
  for (const { ref, dependsOn = [] } of [sbom, ...others].flatMap((each) => each.dependencies))
    dependencies.set(ref, new Set(dependsOn));
  dependencies.set(program, new Set(components.keys()));
  return `${JSON.stringify(
    {
      ...sbom,
      components: [...components.values()],
      dependencies: [...dependencies].map(([ref, dependsOn]) =>
        dependsOn.size === 0 ? { ref } : { ref, dependsOn: [...dependsOn] },
      ),
    },
    null,
    2,
  )}\n`;
}

interface Component {
  readonly 'bom-ref': string;
}

interface Bundle {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

function nodeComponent({ version, binary }: ImageSbomOptions['node']) {
  const purl = `pkg:generic/node@${version}`;
  return {
    type: 'platform',
    name: 'node',
    version,
    'bom-ref': purl,
    purl,
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    licenses: [{ license: { id: 'MIT' } }],
    hashes: [{ alg: 'SHA-256', content: createHash('sha256').update(binary).digest('hex') }],
  };
}

/** Named as scanners expect: https://github.com/package-url/purl-spec/blob/main/types-doc/deb-definition.md */
function debianComponent(control: string, { id, version: release }: ImageSbomOptions['distribution']) {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(control)?.[1] ?? '';
  const [name, version] = [field('Package'), field('Version')];
  const [path, at] = [name, version].map(encodeURIComponent);
  const purl = `pkg:deb/${id}/${String(path)}@${String(at)}?arch=${field('Architecture')}&distro=${id}-${release}`;
  return { type: 'library', name, version, 'bom-ref': purl, purl };
}

/** `node_modules/a/node_modules/b/lib/x.js` belongs to the copy `node_modules/a/node_modules/b`. */
function packageFolders(inputs: SbomOptions['inputs']): string[] {
  const folders = Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => {
    const [folder] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? [];
    return folder === undefined || bytesInOutput === 0 ? [] : [folder];
  });
  return [...new Set(folders)].sort();
}

/** Checksums of the packages' archives from the lock file, by folder. */
function integritiesOf(root: string): Map<string, string> {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { integrity?: string }>;
  };
  return new Map(
    Object.entries(packages).flatMap(([folder, { integrity }]) =>
      integrity === undefined ? [] : [[folder, integrity]],
    ),
  );
}

/** Our own packages have no version in package.json. */
function componentOf(folder: string, version?: string): Models.Component {
  const read = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    version?: string;
  };
  const manifest = { ...read, version: read.version ?? version ?? '' };
  const component = components.makeComponent(manifest);
  if (component?.version === undefined || manifest.version === '' || component.licenses.size === 0)
    throw new Error(`${folder}/package.json has no version or no license`);
  const purl = `pkg:npm/${manifest.name.replace('@', '%40')}@${manifest.version}`;
  component.purl = purl;
  component.bomRef.value = purl;
  return component;
}
