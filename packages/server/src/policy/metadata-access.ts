import { metadataGroups } from '@rolegate/protocol';
import { annotation } from '../annotations/annotations.ts';
import { tooLongFault, valueOf } from './annotation-text.ts';
import type { Annotations, Parsed } from './annotation-text.ts';
import { quote } from './quote.ts';
import { annotationsOf, namesOf } from './subject.ts';
import type { Subject } from './subject.ts';
import { denial } from './verdict.ts';
import type { Denial, MetadataAccess } from './verdict.ts';

/**
 * The access to other metadata, and the denial if the metadata API is closed. The Pod's own deny does not need its Namespace. A
 * Namespace that does not exist closes the metadata API too, because its rule is unknown.
 */
export function metadataAccess(subject: Subject): {
  readonly metadata: MetadataAccess;
  readonly closedBy?: Denial;
} {
  const names = namesOf(subject.pod);
  const namespace = read(annotationsOf(subject.namespace), names.namespace);
  const pod = read(subject.pod.annotations, names.pod);
  const open = narrow(namespace.access, pod.access);
  const metadata = subject.namespace === 'absent' ? { ...open, denied: true } : open;
  const closedBy = namespace.closed ?? pod.closed;
  return closedBy === undefined ? { metadata } : { metadata, closedBy };
}

/** Whether an object with these annotations closes the metadata API. */
export function closesMetadata(annotations: Annotations): boolean {
  return read(annotations, '').closed !== undefined;
}

/**
 * `rolegate.dev/metadata`: `deny`, or groups separated by commas. An unknown or empty word is a fault and is treated as deny,
 * because the annotation was meant to close something.
 */
export function parseMetadataAccess(text: string): Parsed<MetadataAccess> {
  const words = text.split(',').map((word) => word.trim());
  const unknown = words.find((word) => word !== 'deny' && !isGroup(word));
  if (unknown !== undefined) {
    const known = `valid words are deny, ${metadataGroups.join(', ')}`;
    return { fault: `has the unknown word ${quote(unknown)}, which is treated as deny; ${known}` };
  }
  if (words.includes('deny')) return { value: { denied: true } };
  return { value: { denied: false, only: [...new Set(words)] } };
}

function isGroup(word: string): boolean {
  return metadataGroups.some((group) => group === word);
}

function read(annotations: Annotations, name: string): { access: MetadataAccess; closed?: Denial } {
  const text = valueOf(annotations, annotation.metadata);
  if (text === undefined) return { access: { denied: false } };
  const parsed =
    typeof text === 'string'
      ? parseMetadataAccess(text)
      : { fault: `${tooLongFault(text)}; it is treated as deny` };
  const access = 'fault' in parsed ? { denied: true } : parsed.value;
  if (!access.denied) return { access };
  const how = 'fault' in parsed ? parsed.fault : 'is deny';
  return { access, closed: denial('MetadataDenied', `${annotation.metadata} of ${name} ${how}`) };
}

/** A Pod can only narrow what its Namespace allows. */
function narrow(namespace: MetadataAccess, pod: MetadataAccess): MetadataAccess {
  const denied = namespace.denied || pod.denied;
  if (namespace.only === undefined || pod.only === undefined) {
    const only = namespace.only ?? pod.only;
    return only === undefined ? { denied } : { denied, only };
  }
  const { only } = pod;
  return { denied, only: namespace.only.filter((group) => only.includes(group)) };
}
