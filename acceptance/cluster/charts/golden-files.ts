import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import type { ApiObject } from '../api-server.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** The Namespace of all renderings. */
const RENDERED_IN = 'rolegate';

export interface GoldenFile {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string;
}

/** The renderings of the charts and the plain manifests. */
export function goldenFiles(): GoldenFile[] {
  const folders = ['charts/server/golden', 'charts/agent/golden', 'deploy', 'deploy/kubectl-rolegate'];
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml')
      .sort()
      .map((name) => goldenFile(`${folder}/${name}`)),
  );
}

export function goldenFile(path: string): GoldenFile {
  return { path, text: readFileSync(join(root, path), 'utf8') };
}

/** The objects of a rendering, moved to a Namespace. */
export function objectsIn({ text }: GoldenFile, namespace = RENDERED_IN): ApiObject[] {
  const moved = text
    .replaceAll(new RegExp(`^( *(?:- )?namespace: )${RENDERED_IN}$`, 'gm'), `$1${namespace}`)
    .replaceAll(new RegExp(`^(kind: Namespace\nmetadata:\n  name: )${RENDERED_IN}$`, 'gm'), `$1${namespace}`);
  return parseAllDocuments(moved).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    const object = document.toJS() as ApiObject | null;
    return object === null ? [] : [object];
  });
}
