import { isDeepStrictEqual } from 'node:util';
import { isRecord } from './object.ts';
import { Failure } from './status.ts';

interface Operation {
  readonly op: string;
  /** JSON pointer (RFC 6901). */
  readonly path: string;
  readonly value?: unknown;
}

/** Applies a JSON patch (RFC 6902) to the fields of objects. Fails like kube-apiserver 1.34. */
export function jsonPatch(object: object, text: string): object {
  const patched = JSON.parse(JSON.stringify(object)) as Record<string, unknown>;
  for (const operation of operationsOf(text)) apply(patched, operation);
  return patched;
}

function apply(object: Record<string, unknown>, { op, path, value }: Operation): void {
  const steps = path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const name = steps.pop() ?? '';
  let parent: unknown = object;
  for (const step of steps) parent = isRecord(parent) ? parent[step] : undefined;
  if (!isRecord(parent)) throw unfit();
  const there = Object.hasOwn(parent, name);
  if (op === 'test' && !isDeepStrictEqual(parent[name], value)) throw unfit();
  if ((op === 'replace' || op === 'remove') && !there) throw unfit();
  if (op === 'replace' || op === 'add') parent[name] = value;
  if (op === 'remove') Reflect.deleteProperty(parent, name);
}

function operationsOf(text: string): readonly Operation[] {
  try {
    const operations: unknown = JSON.parse(text);
    if (Array.isArray(operations)) return operations as Operation[];
  } catch {
    // Handled below as something that is not an array.
  }
  throw new Failure(
    400,
    'error decoding patch: json: cannot unmarshal into Go value of type jsonpatch.Patch',
  );
}

function unfit(): Failure {
  return new Failure(422, 'the server rejected our request due to an error in our request', { details: {} });
}
