import { annotation } from '../annotations/annotations.ts';
import { tooLongFault, valueOf } from './annotation-text.ts';
import type { Annotations } from './annotation-text.ts';
import { parseExternalId } from './external-id.ts';
import type { Parsed } from './parsed.ts';
import { parseRole } from './role-arn.ts';
import type { NamedRole } from './role-arn.ts';
import type { ParseTags, Tags } from './session-tags.ts';

/** What a Pod's own annotations ask for. */
export interface PodRequest {
  readonly role?: NamedRole;
  readonly sessionName?: string;
  readonly externalId?: string;
  readonly tags: Tags;
}

/** Reads all of them: one that does not parse spoils the request, wherever its role comes from. */
export function parsePodRequest(annotations: Annotations, parseTags: ParseTags): Parsed<PodRequest> {
  const role = optional(annotations, annotation.role, parseRole);
  if ('fault' in role) return role;
  const externalId = optional(annotations, annotation.externalId, parseExternalId);
  if ('fault' in externalId) return externalId;
  const tags = optional(annotations, annotation.sessionTags, parseTags);
  if ('fault' in tags) return tags;
  const chosen = optional(annotations, annotation.sessionName, (text) => ({ value: text }));
  if ('fault' in chosen) return chosen;
  const sessionName = chosen.value;
  return {
    value: {
      ...(role.value !== undefined && { role: role.value }),
      ...(sessionName !== undefined && { sessionName }),
      ...(externalId.value !== undefined && { externalId: externalId.value }),
      tags: tags.value ?? [],
    },
  };
}

/** Reads one annotation; its fault says which. */
export function optional<T>(
  annotations: Annotations,
  key: string,
  parse: (text: string) => Parsed<T>,
): Parsed<T | undefined> {
  const text = valueOf(annotations, key);
  if (text === undefined) return { value: undefined };
  if (typeof text !== 'string') return { fault: `${key} ${tooLongFault(text)}` };
  const parsed = parse(text);
  return 'fault' in parsed ? { fault: `${key} ${parsed.fault}` } : parsed;
}
