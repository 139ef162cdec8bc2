import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

const root = dirname(dirname(import.meta.dirname));
const page = readFileSync(join(root, 'docs/getting-started.md'), 'utf8');

interface Manifest {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

const folder = join(root, 'packages/sandbox/manifests');
const manifests = readdirSync(folder)
  .sort()
  .flatMap((file) => parseAllDocuments(readFileSync(join(folder, file), 'utf8')))
  .map((document) => document.toJS() as Manifest);

it("The page docs/getting-started.md shows the sandbox's Pods and their roles", () => {
  const shown = [...page.matchAll(/^([\w-]+\/[\w-]+) +127\.\d+\.0\.\d+ +(?:\d+|-) +(\S+)/gm)].map(
    ([, pod, role]) => [pod, role],
  );
  expect(shown).toEqual(
    manifests
      .filter(({ kind }) => kind === 'Pod')
      .map(({ metadata: { namespace, name, annotations } }) => [
        `${namespace ?? ''}/${name}`,
        annotations?.['iam.amazonaws.com/role'] ?? '-',
      ]),
  );
});
