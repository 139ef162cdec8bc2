import type { Reason } from '@rolegate/protocol';
import { annotation, roleAnnotations } from '../annotations/annotations.ts';
import { valueOf } from './annotation-text.ts';
import type { Parsed } from './annotation-text.ts';
import { metadataAccess } from './metadata-access.ts';
import { createNamespaceRules } from './namespace-rules.ts';
import type { NamespaceContext, NamespaceRules, PermitRequest } from './namespace-rules.ts';
import type { PermittingEntry } from './permitting-entries.ts';
import { nameRole, parsePodRequest } from './pod-request.ts';
import type { PodRequest } from './pod-request.ts';
import { podSession } from './pod-session.ts';
import { completeRole, parseRoleBaseArn, roleName, withinCeiling } from './role-arn.ts';
import type { NamedRole } from './role-arn.ts';
import { roleFacts } from './role-facts.ts';
import type { RoleFacts } from './role-facts.ts';
import { createSessionTags } from './session-tags.ts';
import type { ParseTags } from './session-tags.ts';
import { annotationsOf, namesOf } from './subject.ts';
import type { PolicySettings, Subject } from './subject.ts';
import { denial } from './verdict.ts';
import type { Decision, Denial, Deny, Pending, Verdict } from './verdict.ts';

export type { PolicySettings } from './subject.ts';
export type { Presence, Subject, SubjectPod } from './subject.ts';
export type { PermittingEntry } from './permitting-entries.ts';
export type { RoleFacts } from './role-facts.ts';
export type { Decision, Verdict } from './verdict.ts';

export interface Policy {
  /** Pure except for caches of parsed texts. Never throws, whatever the annotations are. */
  decide(subject: Subject): Verdict;
  /** The first entry of an existing Namespace that permits the role, for explanations; undefined: none does. */
  readonly permittedBy: (
    roleArn: string,
    namespace: Omit<NamespaceContext, 'baseArn'>,
  ) => PermittingEntry | undefined;
  /** About a role that is named as in an annotation, for explanations. A fault completes "<name> …". */
  readonly about: (role: string) => Parsed<RoleFacts>;
}

const BASE_ARN: Pending = { kind: 'pending', waitsFor: 'role base ARN' };

/** Decides what a Pod gets, from its own annotations and those of its Namespace (DESIGN.md 4.1). */
export function createPolicy(settings: PolicySettings): Policy {
  const rules = createNamespaceRules();
  const parseTags = createSessionTags(Object.keys(settings.sessionTagTemplates).length);
  const given = { settings, rules, parseTags };
  return {
    decide(subject) {
      const { metadata, closedBy } = metadataAccess(subject);
      // Container credentials are not part of the metadata API.
      const closed = subject.servesContainerCredentials === true ? undefined : closedBy;
      const decision = closed === undefined ? decide(subject, given) : deny(subject, closed);
      const { namespace, pod } = subject;
      const name = namesOf(pod).namespace;
      const fault = rules.faults({ name, annotations: annotationsOf(namespace) });
      return { decision, metadata, ...(fault !== undefined && { namespaceRuleFault: fault }) };
    },
    permittedBy: (roleArn, namespace) =>
      rules.permittingEntries(roleArn, { ...namespace, baseArn: baseArnOf(settings) })[0],
    about: (role) =>
      roleFacts(role, {
        rules,
        baseArn: baseArnOf(settings),
        ceilings: settings.ceilings,
        defaultRole: settings.defaultRole,
      }),
  };
}

interface Given {
  readonly settings: PolicySettings;
  readonly rules: NamespaceRules;
  readonly parseTags: ParseTags;
}

/**
 * The order of reasons, after `metadata: deny`. First those that depend only on the Pod and need no Namespace: HostNetwork,
 * StaticPod, BadAnnotation. Then pending (Namespace, ServiceAccount, base ARN), NoRole, BadAnnotation of the object that sets the
 * role, OutsideCeiling, which no Namespace can override, and last the Namespace's rules: BadNamespaceRule, NamespaceDenied. On a
 * node that serves container credentials, neither `metadata: deny` nor HostNetwork applies.
 */
function decide(subject: Subject, { settings, rules, parseTags }: Given): Decision {
  const { pod, namespace } = subject;
  const names = namesOf(pod);
  const refuse = (reason: Reason, message: string) => deny(subject, denial(reason, message));
  if (pod.hostNetwork && subject.servesContainerCredentials !== true) {
    const message = `${names.pod} uses the host network, and no connected agent of its node serves container credentials`;
    return refuse('HostNetwork', message);
  }
  if (pod.staticPod) return refuse('StaticPod', `${names.pod} is a static Pod`);
  const request = parsePodRequest(pod.annotations, parseTags);
  if ('fault' in request) return refuse('BadAnnotation', `of ${names.pod}, ${request.fault}`);
  if (namespace === 'unseen') return { kind: 'pending', waitsFor: names.namespace };
  if (namespace === 'absent' && settings.namespacePolicy === 'enforce')
    return refuse('NamespaceDenied', `${names.namespace} does not exist`);
  const naming = nameRole(subject, request.value.role, settings.defaultRole);
  switch (naming.kind) {
    case 'pending':
      return naming;
    case 'fault':
      return refuse('BadAnnotation', naming.message);
    case 'none':
      return refuse('NoRole', `neither ${names.pod} nor its ServiceAccount or Namespace has a role`);
    case 'named':
      return decideRole({ ...naming, request: request.value, subject, settings, rules });
  }
}

interface RoleQuestion {
  readonly role: NamedRole;
  /** The annotation that sets the role, for messages. */
  readonly by: string;
  readonly request: PodRequest;
  readonly subject: Subject;
  readonly settings: PolicySettings;
  readonly rules: NamespaceRules;
}

function decideRole({ role, by, request, subject, settings, rules }: RoleQuestion): Decision {
  const baseArn = baseArnOf(settings);
  if (role.kind === 'name' && baseArn === undefined) return BASE_ARN;
  const complete = completeRole(role, baseArn ?? '');
  if ('fault' in complete) return deny(subject, denial('BadAnnotation', `${by} ${complete.fault}`));
  const roleArn = complete.value;
  const name = roleName(roleArn, baseArn);

  const inside = withinCeiling(roleArn, settings.ceilings, baseArn);
  if (inside === undefined) return BASE_ARN;
  if (!inside) {
    const message = `${roleArn} (${by}) is outside the role ceiling of the server`;
    return deny(subject, denial('OutsideCeiling', message), name);
  }

  const tagKeys = request.tags.map(([key]) => key);
  const wanted = {
    roleArn,
    externalId: request.externalId,
    tagKeys,
    serverTags: settings.sessionTagTemplates,
  };
  const denied = checkNamespace(wanted, subject, rules, baseArn);
  if (denied === 'pending') return BASE_ARN;
  const session = podSession(roleArn, request, subject.pod, settings);
  if (denied === undefined) return { kind: 'allow', session, roleArn, roleName: name };
  return settings.namespacePolicy === 'audit'
    ? { kind: 'allow', session, roleArn, roleName: name, auditWould: denied }
    : deny(subject, denied, name);
}

/** An invalid base ARN is treated as absent: what needs it is pending, and no role is inside its account. */
function baseArnOf({ roleBaseArn }: PolicySettings): string | undefined {
  if (roleBaseArn === undefined) return undefined;
  const parsed = parseRoleBaseArn(roleBaseArn);
  return 'fault' in parsed ? undefined : parsed.value;
}

function checkNamespace(
  request: PermitRequest,
  { pod, namespace }: Subject,
  rules: NamespaceRules,
  baseArn: string | undefined,
): Denial | 'pending' | undefined {
  const { namespace: name } = namesOf(pod);
  if (namespace === 'absent') return denial('NamespaceDenied', `${name} does not exist`);
  return rules.check(request, { name, annotations: annotationsOf(namespace), baseArn });
}

function deny({ pod, serviceAccount }: Subject, { reason, message }: Denial, name?: string): Deny {
  const annotated =
    roleAnnotations.some((key) => valueOf(pod.annotations, key) !== undefined) ||
    valueOf(annotationsOf(serviceAccount), annotation.role) !== undefined;
  return { kind: 'deny', reason, message, annotated, ...(name !== undefined && { roleName: name }) };
}
