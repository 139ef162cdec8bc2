import { watch } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from '@rolegate/runtime';
import { parseAllDocuments } from 'yaml';

/** Editors write a file in several steps. Changes within this time are one edit. Milliseconds. */
const SETTLE_MS = 50;

/** A Kubernetes object as in its manifest. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** Kinds that matter to Rolegate. Manifests of other kinds are skipped. */
export function isServed(kind: string): kind is 'Pod' | 'Namespace' | 'ServiceAccount' {
  return ['Pod', 'Namespace', 'ServiceAccount'].includes(kind);
}

/** `Kind namespace/name`, which identifies an object. */
export function manifestKey({ kind, metadata: { namespace, name } }: Manifest): string {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

/**
 * Reads all objects of a folder's *.yaml, *.yml and *.json files. Throws an Error that names the folder or file that
 * cannot be read.
 */
export async function readManifests(folder: string): Promise<Manifest[]> {
  const entries = await readdir(folder).catch((error: unknown) => {
    throw new Error(`cannot read the manifests: ${reasonOf(error, folder)}`);
  });
  const files = entries.filter((name) => /\.(ya?ml|json)$/.test(name)).sort();
  const manifests = await Promise.all(files.map((file) => readManifestFile(join(folder, file))));
  return manifests.flat();
}

async function readManifestFile(path: string): Promise<Manifest[]> {
  return parseAllDocuments(await readFile(path, 'utf8')).flatMap((document) => {
    const [fault] = document.errors;
    if (fault !== undefined) throw new Error(`${path} cannot be parsed: ${firstLineOf(fault.message)}`);
    const object: unknown = document.toJS();
    if (object === null) return [];
    if (!isManifest(object))
      throw new Error(
        `${path} contains something that is not a Kubernetes object; it needs kind and metadata.name`,
      );
    return [inNamespace(object)];
  });
}

/** Calls `changed` after each edit in the folder until the signal aborts. */
export function watchManifests(folder: string, changed: () => void, signal: AbortSignal): void {
  let timer: NodeJS.Timeout | undefined;
  watch(folder, { signal }, () => {
    clearTimeout(timer);
    timer = setTimeout(changed, SETTLE_MS);
  });
  signal.addEventListener('abort', () => {
    clearTimeout(timer);
  });
}

function reasonOf(error: unknown, folder: string): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return `${folder} does not exist`;
  if (code === 'ENOTDIR') return `${folder} is not a directory`;
  return describeError(error);
}

/** The parser adds lines that show the place. */
function firstLineOf(message: string): string {
  return (message.split('\n')[0] ?? '').replace(/:$/, '');
}

function isManifest(object: unknown): object is Manifest {
  const { kind, metadata } = object as Partial<Manifest>;
  return typeof kind === 'string' && typeof metadata?.name === 'string';
}

function inNamespace(manifest: Manifest): Manifest {
  if (manifest.kind === 'Namespace' || manifest.metadata.namespace !== undefined) return manifest;
  return { ...manifest, metadata: { ...manifest.metadata, namespace: 'default' } };
}
