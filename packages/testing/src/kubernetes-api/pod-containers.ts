import { isRecord } from './object.ts';
import type { StoredObject } from './object.ts';
import { Failure } from './status.ts';

/** The container that the query of pods/log or pods/exec means. */
export function containerOf(pod: StoredObject, query: URLSearchParams): string {
  const { name } = pod.metadata;
  const containers = namesIn(pod, 'containers');
  const asked = query.get('container') ?? '';
  const [only = ''] = containers.length === 1 ? containers : [];
  const chosen = asked === '' ? only : asked;
  if (chosen === '')
    throw new Failure(
      400,
      `a container name must be specified for pod ${name}, choose one of: [${containers.join(' ')}]`,
    );
  if (![...namesIn(pod, 'initContainers'), ...containers].includes(chosen))
    throw new Failure(400, `container ${chosen} is not valid for pod ${name}`);
  return chosen;
}

function namesIn({ spec }: StoredObject, field: string): readonly string[] {
  const containers: unknown = isRecord(spec) ? spec[field] : undefined;
  return Array.isArray(containers) ? containers.map(({ name }: { name: string }) => name) : [];
}
