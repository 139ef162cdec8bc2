import { annotation } from '../annotations/annotations.ts';
import { optional } from './annotation-text.ts';
import type { Annotations, Parsed } from './annotation-text.ts';
import { oddity } from './quote.ts';
import { parseRole } from './role-arn.ts';
import type { NamedRole } from './role-arn.ts';
import type { ParseTags, Tags } from './session-tags.ts';
import { annotationsOf, namesOf } from './subject.ts';
import type { Subject } from './subject.ts';

/** AWS STS API reference, AssumeRole, ExternalId. */
const EXTERNAL_ID = /^[\w+=,.@:/-]+$/;
const SHORTEST = 2;
const LONGEST = 1224;

/** What a Pod's own annotations request. */
export interface PodRequest {
  readonly role?: NamedRole;
  readonly sessionName?: string;
  readonly externalId?: string;
  readonly tags: Tags;
}

/** The role that a Pod requests, and the annotation that sets it. */
export type Naming =
  | { readonly kind: 'named'; readonly role: NamedRole; readonly by: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'fault'; readonly message: string }
  | { readonly kind: 'pending'; readonly waitsFor: string };

/** An annotation that does not parse makes the whole request invalid, even if the role comes from elsewhere. */
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

/**
 * The role of the Pod, else of its ServiceAccount, else the default of its Namespace, else that of the server. The first that is
 * set decides; if it does not parse, the next ones are not used instead.
 */
export function nameRole(
  subject: Subject,
  own: NamedRole | undefined,
  defaultRole: string | undefined,
): Naming {
  const names = namesOf(subject.pod);
  if (own !== undefined) return { kind: 'named', role: own, by: `${annotation.role} of ${names.pod}` };
  if (subject.serviceAccount === 'unseen') return { kind: 'pending', waitsFor: names.serviceAccount };
  const sources = [
    [annotationsOf(subject.serviceAccount), annotation.role, names.serviceAccount],
    [annotationsOf(subject.namespace), annotation.defaultRole, names.namespace],
    [defaultRole === undefined ? {} : { '--default-role': defaultRole }, '--default-role', 'the server'],
  ] as const;
  for (const [annotations, key, name] of sources) {
    const role = optional(annotations, key, parseRole);
    if ('fault' in role) return { kind: 'fault', message: `of ${name}, ${role.fault}` };
    if (role.value !== undefined) return { kind: 'named', role: role.value, by: `${key} of ${name}` };
  }
  return { kind: 'none' };
}

/** The fault does not repeat the external ID, which only the role's owner should see. */
function parseExternalId(text: string): Parsed<string> {
  if (text.length < SHORTEST || text.length > LONGEST) {
    return { fault: `has ${text.length} characters; STS accepts ${SHORTEST} to ${LONGEST}` };
  }
  if (!EXTERNAL_ID.test(text))
    return {
      fault: `has characters that STS does not accept${oddity(text)}; use letters, digits and +=,.@:/-_`,
    };
  return { value: text };
}
