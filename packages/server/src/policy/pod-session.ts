import type { Session } from '../session/session.ts';
import type { PodRequest } from './pod-request.ts';
import { sessionTags } from './session-tags.ts';
import type { PolicySettings, SubjectPod } from './subject.ts';
import { cut, endInHash, HASH_CHARS, renderTemplate } from './template.ts';
import type { SessionScope, TemplateValues } from './template.ts';

/** RoleSessionName and SourceIdentity: 2 to 64 characters of `[\w+=,.@-]` (AWS STS API reference, AssumeRole). */
const SHORTEST = 2;
const LONGEST = 64;
/** The session name for scope `role` in a cluster without a name. */
const NAMELESS = 'rolegate';

export interface SessionNaming {
  readonly scope: SessionScope;
  /** `--session-name-template`; undefined for the scope's default. */
  readonly template: string | undefined;
  /** The Pod's `iam.amazonaws.com/session-name`. */
  readonly chosen: string | undefined;
  readonly values: TemplateValues;
}

/** Everything that the Pod chooses is part of the session, and so of the key of its cached credentials. */
export function podSession(
  roleArn: string,
  { sessionName: chosen, externalId, tags }: PodRequest,
  { namespace, serviceAccount, name, uid, node }: SubjectPod,
  settings: PolicySettings,
): Session {
  const { sessionScope: scope, sessionNameTemplate: template, sourceIdentityTemplate } = settings;
  const values = { cluster: settings.clusterName, namespace, serviceAccount, pod: name, uid, node };
  return {
    roleArn,
    sessionName: sessionName({ scope, template, chosen, values }),
    ...(externalId !== undefined && { externalId }),
    ...(sourceIdentityTemplate !== undefined && {
      sourceIdentity: legalName(renderTemplate(sourceIdentityTemplate, values)),
    }),
    tags: sessionTags(settings.sessionTagTemplates, values, tags),
    durationSeconds: settings.durationSeconds,
    ...(scope === 'pod' && { podUid: uid }),
    // The default name contains both; a template or a Pod's choice may be the same for others (DESIGN.md 4.1).
    ...(scope === 'workload' &&
      (template ?? chosen) !== undefined && { workload: `${namespace}/${serviceAccount}` }),
  };
}

/**
 * The name that CloudTrail shows. A Pod's own choice is appended to `<namespace>.`, and Namespace names have no dots, so no Pod can
 * be mistaken for one of another Namespace.
 */
export function sessionName({ scope, template, chosen, values }: SessionNaming): string {
  if (chosen !== undefined) return namespaced(values.namespace, chosen);
  if (template !== undefined) return legalName(renderTemplate(template, values));
  switch (scope) {
    case 'role':
      return legalName(values.cluster === '' ? NAMELESS : values.cluster);
    case 'workload':
      return namespaced(values.namespace, values.serviceAccount);
    case 'pod': {
      // The UID distinguishes a new Pod with the same name.
      const name = `${values.namespace}.${values.pod}`;
      const digits = hashDigits(values.namespace);
      return endInHash({ text: clean(name), longest: LONGEST, identity: `${name} ${values.uid}`, digits });
    }
  }
}

function namespaced(namespace: string, rest: string): string {
  const name = `${namespace}.${rest}`;
  const text = clean(name);
  return text.length <= LONGEST
    ? text.padEnd(SHORTEST, '-')
    : endInHash({ text, longest: LONGEST, identity: name, digits: hashDigits(namespace) });
}

/**
 * If the cut removes part of `<namespace>.`, only the hash distinguishes Namespaces. A collision of 32 bits can be found; one of 64
 * bits cannot.
 */
function hashDigits(namespace: string): number {
  return namespace.length + 1 > LONGEST - HASH_CHARS - 1 ? 2 * HASH_CHARS : HASH_CHARS;
}

/** Converts any text to a valid session name or source identity. */
export function legalName(text: string): string {
  return cut(clean(text), LONGEST, text).padEnd(SHORTEST, '-');
}

function clean(text: string): string {
  return text.replace(/[^\w+=,.@-]/gu, '-');
}
