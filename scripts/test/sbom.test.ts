import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Ajv } from 'ajv';
import { imageSbomOf, sbomOf } from '../sbom.ts';

interface Sbom {
  readonly metadata: { readonly component: { readonly name: string; readonly purl: string } };
  readonly components: readonly {
    readonly purl: string;
    readonly licenses: readonly {
      readonly license?: { readonly id: string };
      readonly expression?: string;
    }[];
    readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

const used = { bytesInOutput: 10 };
let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rolegate-sbom-'));
  pack('packages/agent', { name: '@rolegate/agent', license: 'Apache-2.0' });
  pack('node_modules/@scope/one', { name: '@scope/one', version: '1.2.3', license: 'MIT' });
  pack('node_modules/@scope/one/node_modules/two', {
    name: 'two',
    version: '1.0.0',
    license: '(MIT OR Apache-2.0)',
  });
  pack('node_modules/two', { name: 'two', version: '2.0.0', license: 'ISC' });
  const integrity = `sha512-${Buffer.alloc(64, 'x').toString('base64')}`;
  put('package-lock.json', { packages: { '': {}, 'node_modules/two': { integrity } } });
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('SBOM', () => {
  it('The SBOM lists exactly the package copies that contributed code, with their licenses', () => {
    const { metadata, components, dependencies } = made({
      'packages/agent/dist/main.js': used,
      'node_modules/@scope/one/a.js': used,
      'node_modules/@scope/one/b.js': used,
      'node_modules/@scope/one/node_modules/two/index.js': used,
      'node_modules/two/index.js': { bytesInOutput: 0 },
    });
    expect(metadata.component.purl).toBe('pkg:npm/%40rolegate/agent@0.1.0');
    expect(components.map(({ purl, licenses }) => ({ purl, licenses }))).toEqual([
      { purl: 'pkg:npm/%40scope/one@1.2.3', licenses: [{ license: { id: 'MIT' } }] },
      { purl: 'pkg:npm/two@1.0.0', licenses: [{ expression: '(MIT OR Apache-2.0)' }] },
    ]);
    const [{ dependsOn } = {}] = dependencies.filter(({ ref }) => ref === metadata.component.purl);
    expect(dependsOn).toEqual(components.map(({ purl }) => purl));
  });

  it('The SBOM has the checksums of the lock file', () => {
    const { components } = made({ 'node_modules/two/index.js': used });
    expect(components).toMatchObject([{ hashes: [{ alg: 'SHA-512', content: '78'.repeat(64) }] }]);
  });

  it('The SBOM lists a version that is installed twice only once', () => {
    cpSync(join(root, 'node_modules/two'), join(root, 'node_modules/@scope/one/node_modules/two'), {
      recursive: true,
    });
    const inputs = { 'node_modules/two/a.js': used, 'node_modules/@scope/one/node_modules/two/a.js': used };
    expect(made(inputs).components).toHaveLength(1);
  });

  it('No SBOM is made if a package has no license', () => {
    pack('node_modules/three', { name: 'three', version: '3.0.0' });
    expect(() => made({ 'node_modules/three/index.js': used })).toThrow(/three.*no license/);
  });

  it("The SBOM is valid according to CycloneDX's schema", () => {
    const check = cycloneDx();
    const sbom = made({ 'node_modules/@scope/one/a.js': used, 'node_modules/two/index.js': used });
    expect({ valid: check(sbom), errors: check.errors ?? [] }).toEqual({ valid: true, errors: [] });
    expect(check({ ...sbom, components: [{ name: 1 }] })).toBe(false);
  });

  it("An image's SBOM joins those of its bundles, adds Node.js and the distribution's packages, and is valid", () => {
    pack('packages/cli', { name: '@rolegate/cli', license: 'Apache-2.0' });
    const inputs = { 'node_modules/two/index.js': used, 'node_modules/@scope/one/index.js': used };
    const check = cycloneDx();
    const sbom = JSON.parse(
      imageSbomOf({
        bundles: [
          sbomOf(options({ 'node_modules/two/index.js': used })),
          sbomOf({ ...options(inputs), name: 'cli' }),
        ],
        node: { version: '24.1.2', binary: Buffer.from('node') },
        distribution: { id: 'debian', version: '12' },
        packages: ['Package: libstdc++6\nArchitecture: arm64\nVersion: 1:12.2.0-14+deb12u1\n'],
      }),
    ) as Sbom;
    const plugin = 'pkg:npm/%40rolegate/cli@0.1.0';
    const purls = [
      'pkg:npm/two@2.0.0',
      plugin,
      'pkg:npm/%40scope/one@1.2.3',
      'pkg:generic/node@24.1.2',
      'pkg:deb/debian/libstdc%2B%2B6@1%3A12.2.0-14%2Bdeb12u1?arch=arm64&distro=debian-12',
    ];
    expect(sbom.components.map(({ purl }) => purl)).toEqual(purls);
    const dependsOn = (one: string) => sbom.dependencies.find(({ ref }) => ref === one)?.dependsOn;
    expect(dependsOn('pkg:npm/%40rolegate/agent@0.1.0')).toEqual(purls);
    expect(dependsOn(plugin)).toEqual(['pkg:npm/%40scope/one@1.2.3', 'pkg:npm/two@2.0.0']);
    expect({ valid: check(sbom), errors: check.errors ?? [] }).toEqual({ valid: true, errors: [] });
  });
});

function made(inputs: Parameters<typeof sbomOf>[0]['inputs']): Sbom {
  return JSON.parse(sbomOf(options(inputs))) as Sbom;
}

function options(inputs: Parameters<typeof sbomOf>[0]['inputs']) {
  return { root, name: 'agent', version: '0.1.0', inputs };
}

function pack(folder: string, manifest: object): void {
  mkdirSync(join(root, folder), { recursive: true });
  put(join(folder, 'package.json'), manifest);
}

function put(file: string, content: object): void {
  writeFileSync(join(root, file), JSON.stringify(content));
}

/** The library includes the schemas of the format. */
function cycloneDx() {
  const library = createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-library/package.json');
  const read = (file: string) =>
    JSON.parse(readFileSync(join(dirname(library), 'res/schema', file), 'utf8')) as object;
  const ajv = new Ajv({ strict: false, validateFormats: false });
  // Under the names by which the main schema refers to them.
  for (const file of ['spdx.SNAPSHOT.schema.json', 'jsf-0.82.SNAPSHOT.schema.json'])
    ajv.addSchema({ ...read(file), $id: `http://cyclonedx.org/schema/${file}` });
  return ajv.compile(read('bom-1.6.SNAPSHOT.schema.json'));
}
