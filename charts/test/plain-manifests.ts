import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { objectsOf } from './objects.ts';
import type { KubernetesObject } from './objects.ts';
import { NAMESPACE, rendered, root } from './rendering.ts';
import type { ChartName } from './rendering.ts';

export const deployFolder = join(root, 'deploy');

interface Variant {
  readonly chart: ChartName;
  /** Of `values/NAME.yaml` and of the bundle `rolegate-NAME.yaml`. */
  readonly name: string;
  /** One file an object too, in a folder of that name. */
  readonly folder: boolean;
}

const variants: readonly Variant[] = [
  { chart: 'server', name: 'server', folder: true },
  { chart: 'server', name: 'server-secret', folder: false },
  { chart: 'agent', name: 'agent', folder: true },
  { chart: 'agent', name: 'agent-uninstall', folder: false },
];

/** What a chart would not take stands in the values as what it takes. */
const PLACEHOLDERS = [
  ['xx-placeholder-1', 'REGION'],
  ['000000000000', 'ACCOUNT_ID'],
] as const;

/** Whose release an object is, what helm may do with it, and which template it came from. */
const OF_HELM =
  /^\s*(helm\.sh\/(chart|resource-policy)|app\.kubernetes\.io\/managed-by|rolegate\.dev\/renders): |^# Source: /;
/** What is left of annotations that were helm's alone. */
const NO_ANNOTATIONS = /^ {2}annotations:\n(?! {4})/gm;

const HEAD = 'Made by `npm run generate` from charts/; deploy/README.md says what to put in.';

/** Agents use the node's network and three capabilities: no level below privileged lets them in. */
const NAMESPACE_TEXT = `apiVersion: v1
kind: Namespace
metadata:
  name: ${NAMESPACE}
  labels:
    app.kubernetes.io/part-of: rolegate
    # Agents use the network of the node.
    pod-security.kubernetes.io/enforce: privileged
`;

/** Every file of deploy/ that is made, by its path there. Needs helm. */
export function plainManifests(): Map<string, string> {
  const files = new Map<string, string>();
  for (const variant of variants) {
    const valuesFile = join(deployFolder, 'values', `${variant.name}.yaml`);
    const text = rendered({ chart: variant.chart, files: [valuesFile] });
    const objects = [NAMESPACE_TEXT, ...withoutHelm(text)];
    files.set(`rolegate-${variant.name}.yaml`, `# ${HEAD}\n${objects.join('---\n')}`);
    if (variant.folder)
      for (const [path, content] of oneFileEach(variant.name, objects)) files.set(path, content);
  }
  return files;
}

/** The files of deploy/ that are made, as they stand now. */
export function writtenManifests(): string[] {
  return readdirSync(deployFolder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.yaml') && !path.startsWith('values'))
    .sort();
}

export function readManifest(path: string): string {
  return readFileSync(join(deployFolder, path), 'utf8');
}

/** Objects without helm's labels; what only helm knows when to make (hooks, tests) is left out. */
function withoutHelm(rendering: string): string[] {
  return rendering.split(/^---\n/m).flatMap((text) => {
    const [object] = objectsOf(text);
    if (object === undefined || isHook(object)) return [];
    const lines = text.split('\n').map((line) => line.trimEnd());
    const kept = lines.filter((line) => line !== '' && !OF_HELM.test(line)).join('\n');
    const plain = `${kept}\n`.replaceAll(NO_ANNOTATIONS, '');
    return [PLACEHOLDERS.reduce((changed, [from, to]) => changed.replaceAll(from, to), plain)];
  });
}

function isHook({ metadata: { annotations = {} } }: KubernetesObject): boolean {
  return Object.hasOwn(annotations, 'helm.sh/hook');
}

/** With a kustomization that names them all. */
function oneFileEach(folder: string, objects: readonly string[]): [string, string][] {
  const files = objects.map((text) => [fileOf(text, objects), text] as const);
  const list = files.map(([file]) => `  - ${file}\n`).join('');
  const kustomization = `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n${list}`;
  return [...files, ['kustomization.yaml', kustomization] as const].map(([file, text]) => [
    `${folder}/${file}`,
    `# ${HEAD}\n${text}`,
  ]);
}

/** By kind, and by name too where a kind is there more than once. */
function fileOf(text: string, all: readonly string[]): string {
  const [kind, name] = [field(text, 'kind'), field(text, ' *name')];
  const alone = all.filter((other) => field(other, 'kind') === kind).length === 1;
  return `${[kind.toLowerCase(), ...(alone ? [] : [name])].join('-')}.yaml`;
}

function field(text: string, key: string): string {
  return new RegExp(`^${key}: (\\S+)$`, 'm').exec(text)?.[1] ?? '';
}
