import { record } from '@rolegate/runtime';
import type { Answer } from '../answers/answer.ts';
import type { V1Pod } from '../answers/objects.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import type { Connection } from '../cluster/connection.ts';
import { importedBy } from './variables.ts';
import type { Imported } from './evidence.ts';
import { faultText } from './fault-text.ts';

/** More objects are not read. */
const MOST_READ = 16;
const RESOURCES = { Secret: 'secrets', ConfigMap: 'configmaps' } as const;

/** Reads which variables the Pod imports. Only their names are kept. */
export async function readImported(
  connection: Connection,
  pod: V1Pod,
  namespace: string,
  signal: AbortSignal,
): Promise<Imported> {
  const objects = new Map(importedBy(pod).map((one) => [`${one.kind} ${one.name}`, one]));
  const read = [...objects.entries()].slice(0, MOST_READ).map(async ([key, { kind, name }]) => {
    const resource = RESOURCES[kind];
    const right = { verb: 'get', resource, namespace };
    const path = `/api/v1/namespaces/${namespace}/${resource}/${name}`;
    return [key, await namesIn(connection.json({ path, right, signal }))] as const;
  });
  return Object.fromEntries(await Promise.all(read));
}

async function namesIn(reading: Promise<unknown>): Promise<Answer<readonly string[]>> {
  try {
    return { value: Object.keys(record(record(await reading)['data'])) };
  } catch (error) {
    // An optional one, or the container would not have started.
    if (error instanceof ClusterError && error.fault === 'not found') return { value: [] };
    return { fault: faultText(error) };
  }
}
