import { randomBytes } from 'node:crypto';
import { isRecord } from './object.ts';
import { Failure } from './status.ts';

/** A posted Event, as far as tests read it. */
export interface PostedEvent {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly involvedObject: Readonly<Record<string, string>>;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** A name that can be part of a path (k8s.io/apimachinery, ValidatePathSegmentName). */
const NAME = /^(?!\.{1,2}$)[^/%]{1,253}$/;

/**
 * The server's limit for the part before the five generated characters (k8s.io/apiserver, names.SimpleNameGenerator).
 */
const MAX_GENERATED_BASE = 58;

/** Validates and completes a posted Event like the API server. */
export function admitEvent(body: string, namespace: string): PostedEvent {
  const event = parse(body);
  const { metadata, involvedObject, message = '' } = event;
  if (!isRecord(metadata) || !isRecord(involvedObject))
    throw new Failure(422, 'Event "" is invalid: metadata, involvedObject: Required value');
  const { generateName, name } = metadata;
  const full =
    typeof name === 'string'
      ? name
      : `${String(generateName).slice(0, MAX_GENERATED_BASE)}${randomBytes(3).toString('hex').slice(1)}`;
  if (!NAME.test(full)) throw new Failure(422, `Event "${full}" is invalid: metadata.name`);
  if ((metadata['namespace'] ?? namespace) !== namespace)
    throw new Failure(
      400,
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  if (involvedObject['namespace'] !== namespace) {
    throw new Failure(
      422,
      `Event "${full}" is invalid: involvedObject.namespace: Invalid value: "${String(involvedObject['namespace'])}": does not match event.namespace`,
    );
  }
  if (Buffer.byteLength(String(message)) > 1024)
    throw new Failure(422, `Event "${full}" is invalid: message: can have at most 1024 characters`);
  return { ...event, metadata: { ...metadata, name: full, namespace } } as PostedEvent;
}

function parse(body: string): Record<string, unknown> {
  try {
    const event: unknown = JSON.parse(body);
    if (isRecord(event)) return event;
  } catch {
    // Handled below as something that is not an object.
  }
  throw new Failure(400, 'the object provided is unrecognized (must be of type Event)');
}
