import { createReadStream } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { parseDocument } from 'yaml';
import { record } from '@rolegate/runtime';
import { ClusterError } from '../../cluster/cluster-error.ts';
import type { Connection } from '../../cluster/connection.ts';
import { explainClusterError } from '../../cluster/explain-error.ts';
import { describeProgram } from '../release/old-program.ts';
import type { OldProgram } from '../release/old-program.ts';
import { readHelmRelease } from './helm-release.ts';
import { translateValues } from './values-of.ts';
import type { TranslatedValues } from './values-of.ts';

/** A longer values file is not read. Bytes. */
const LONGEST_FILE = 1024 * 1024;

export interface OldValues {
  readonly translated: TranslatedValues;
  /** Why they are not known; undefined if they are. */
  readonly withoutValues: string | undefined;
}

function unknown(why: string): OldValues {
  return { translated: { agent: {}, server: {}, notes: [], needless: [] }, withoutValues: why };
}

export interface OldValuesRequest {
  readonly programs: readonly OldProgram[];
  /** A file with the values, instead of the release's Secret. */
  readonly file: string | undefined;
  readonly connection: Connection;
  readonly signal: AbortSignal;
}

/** The values of the old release: of the file, else of the release's Secret. A file that is not right is a fault. */
export async function readOldValues(
  request: OldValuesRequest,
): Promise<OldValues | { readonly fault: string }> {
  const { programs, file } = request;
  const system = programs[0]?.system ?? 'kiam';
  if (file === undefined) return fromSecret(request, system);
  const values = await valuesOfFile(file);
  if ('fault' in values) return { fault: `the values file ${file} ${values.fault}` };
  const translated = translateValues(system, values.value);
  return 'fault' in translated
    ? { fault: `the values file ${file} ${translated.fault}` }
    : { translated, withoutValues: undefined };
}

async function valuesOfFile(
  path: string,
): Promise<{ readonly value: Record<string, unknown> } | { readonly fault: string }> {
  try {
    // A pipe has no size, so no more is read than is taken. `end` is the last byte.
    const bytes = await buffer(createReadStream(path, { end: LONGEST_FILE }));
    if (bytes.length > LONGEST_FILE) return { fault: 'is longer than 1 MiB, as no values file is' };
    const document = parseDocument(bytes.toString(), { logLevel: 'silent' });
    const [error] = document.errors;
    if (error !== undefined) return { fault: `is not YAML: ${error.message.split(/:?\n/)[0] ?? ''}` };
    // Aliases are limited, or a small file could become a large value.
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return { fault: 'is not a map of values' };
    return { value: record(value) };
  } catch (error) {
    return { fault: `cannot be read: ${error instanceof Error ? error.message : 'unknown'}` };
  }
}

async function fromSecret(
  { programs, connection, signal }: OldValuesRequest,
  system: 'kiam' | 'kube2iam',
): Promise<OldValues> {
  const from = programs.find(({ release }) => release !== undefined);
  if (from?.release === undefined)
    return unknown('no release of Helm is known; give its values with --values');
  const { namespace, name } = from.release;
  const what = `the Secret of the release ${namespace}/${name}, of ${describeProgram(from)},`;
  try {
    const answer = await connection.json({
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`,
      query: { labelSelector: `owner=helm,name=${name},status=deployed` },
      right: { verb: 'list', resource: 'secrets', namespace },
      signal,
    });
    const { items } = record(answer);
    const [secret] = Array.isArray(items) ? (items as unknown[]) : [];
    if (secret === undefined)
      return unknown(
        `the release ${namespace}/${name}, of ${describeProgram(from)}, has no Secret with the status deployed; give its values with --values`,
      );
    const release = readHelmRelease(secret);
    if ('fault' in release) return unknown(`${what} ${release.fault}; give the values with --values`);
    const translated = translateValues(system, release.values);
    return 'fault' in translated
      ? unknown(`${what} ${translated.fault}`)
      : { translated, withoutValues: undefined };
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return unknown(`${explainClusterError(error)}; or give the values with --values`);
  }
}
