import { parseAllDocuments } from 'yaml';
import { isRecord } from './object.ts';
import type { KubernetesObject } from './object.ts';

/** The objects of a manifest file, those of a `kind: List` included. */
export function readManifests(yaml: string): KubernetesObject[] {
  return [...parseAllDocuments(yaml)].flatMap((document) => {
    const [fault] = document.errors;
    if (fault !== undefined) throw fault;
    return objects(document.toJS());
  });
}

function objects(document: unknown): KubernetesObject[] {
  if (document === null || document === undefined) return [];
  if (!isRecord(document)) throw new Error('a document of the manifests is not an object');
  if (Array.isArray(document['items'])) return document['items'].flatMap(objects);
  if (typeof document['kind'] !== 'string' || !isRecord(document['metadata'])) {
    throw new Error('an object of the manifests has no kind or no metadata');
  }
  return [document as KubernetesObject];
}
