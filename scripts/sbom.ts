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
  /** Inputs of the bundle in esbuild's metafile, by path from the repository. */
  readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>;
}

/**
 * The content of a bundle as CycloneDX 1.6: the packages from which esbuild took code. The same bundle gives the same
 * text, without time or serial number. Throws if a package has no version or no license.
 */
export function sbomOf({ root, name, inputs }: SbomOptions): string {
  const program = componentOf(join(root, 'packages', name));
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

function componentOf(folder: string): Models.Component {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
  };
  const component = components.makeComponent(manifest);
  if (component?.version === undefined || component.licenses.size === 0)
    throw new Error(`${folder}/package.json has no version or no license`);
  const purl = `pkg:npm/${manifest.name.replace('@', '%40')}@${manifest.version}`;
  component.purl = purl;
  component.bomRef.value = purl;
  return component;
}
