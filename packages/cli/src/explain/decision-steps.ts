import { roleArnParts } from '@rolegate/protocol';
import { valueOf } from '../answers/answer.ts';
import type { ServerDecision, ServerExplanation } from '../answers/server-explanation.ts';
import { ALLOWED, METADATA, PERMITTED, ROLE, roleIn } from './annotations.ts';
import type { Evidence } from './evidence.ts';
import type { LinkName, NextStep } from './link.ts';
import { annotatePod, templateOf } from './pod-object.ts';
import { quoted } from '../output/shell.ts';

/** Longer rules are edited by hand. Characters. */
const LONGEST_RULE = 200;
/** As the server says that a role, and not an external ID or a session tag, is not permitted. */
const OF_ROLE = ' does not permit arn:';

/** A decision that is not allow, and where it ends. */
export interface Ended {
  readonly evidence: Evidence;
  /** Undefined: only the agent knows the decision. */
  readonly explained: ServerExplanation | undefined;
  readonly decision: ServerDecision;
  readonly at: LinkName;
}

/** What to do about the decision: commands for the objects of this Pod if they are known, else the server's remedy. */
export function stepOf(ended: Ended): NextStep {
  return specialStep(ended) ?? { next: ended.decision.remedy, commands: [] };
}

function specialStep(ended: Ended): NextStep | undefined {
  const { decision, at, evidence } = ended;
  const [namespace = '', name = ''] = evidence.name.split('/');
  switch (decision.reason) {
    case 'NoRole':
      return {
        next: 'if the Pod needs AWS credentials, name its role on its ServiceAccount, or in the annotations of its Pod template',
        commands: [`kubectl -n ${namespace} annotate serviceaccount ${accountOf(ended)} ${ROLE}=ROLE`],
      };
    case 'NamespaceDenied':
      return permitStep(ended, namespace);
    case 'OutsideCeiling':
      return accountStep(ended, namespace, name);
    case 'MetadataDenied':
      return openStep(ended, namespace, name);
    case 'BadAnnotation':
    case 'BadNamespaceRule':
      return { next: 'correct the annotation that the message names', commands: [editCommand(ended, at)] };
    case 'HostNetwork':
      return {
        next: decision.remedy,
        commands: [`kubectl label namespace ${namespace} rolegate.dev/credentials=token`],
      };
    case undefined:
    default:
      return undefined;
  }
}

/** Adds the role to what the Namespace permits. */
function permitStep({ decision, explained }: Ended, namespace: string): NextStep | undefined {
  const { role, message = '' } = decision;
  if (message.endsWith('does not exist'))
    return {
      next: 'wait until the server sees the Namespace, or create it',
      commands: [`kubectl get namespace ${namespace}`],
    };
  if (role === undefined || !message.includes(OF_ROLE))
    return {
      next: 'permit in the Namespace what the message names, or change the Pod',
      commands: [`kubectl edit namespace ${namespace}`],
    };
  const next = 'permit the role in the Namespace, unless the Pod should not have it';
  const rule = explained && wider(explained.annotations.namespace ?? {}, role);
  return {
    next,
    commands: [
      rule === undefined
        ? `kubectl edit namespace ${namespace}`
        : `kubectl annotate --overwrite namespace ${namespace} ${quoted(rule)}`,
    ],
  };
}

/** The Namespace's rule with this role added; undefined if that takes a human. */
function wider(rules: Readonly<Record<string, string>>, role: string): string | undefined {
  const permitted = rules[PERMITTED]?.trim() ?? '';
  const allowed = rules[ALLOWED]?.trim() ?? '';
  if (permitted !== '') return isPlain(permitted) ? `${PERMITTED}=${permitted}|${escaped(role)}` : undefined;
  if (allowed === '') return `${PERMITTED}=${escaped(role)}`;
  const globs = isPlain(allowed) ? listIn(allowed) : undefined;
  return globs === undefined ? undefined : `${ALLOWED}=${JSON.stringify([...globs, role])}`;
}

/** True if the text was not cut and has nothing that a shell or a terminal changes. */
function isPlain(text: string): boolean {
  return text.length <= LONGEST_RULE && /^[ -~]+$/.test(text);
}

function listIn(text: string): readonly string[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) && parsed.every((one) => typeof one === 'string') ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** As an expression that matches this role only. */
function escaped(role: string): string {
  return role.replace(/[.+]/g, '\\$&');
}

/** Only if the role is of another account than the server, which is often a typing error. */
function accountStep(ended: Ended, namespace: string, name: string): NextStep | undefined {
  const { explained, evidence } = ended;
  const foreign = explained && foreignAccount(explained);
  if (foreign === undefined) return undefined;
  const { role, own, isOfPod } = foreign;
  const corrected = role.replace(/^(arn:[^:]*:iam::)[0-9]*/, `$1${own}`);
  return {
    next: `correct the account in the role ARN if ${own} is meant; else widen --role-ceiling (chart value roles.ceiling)`,
    commands: [
      isOfPod
        ? annotatePod(namespace, templateOf(valueOf(evidence.pod), name), [ROLE, corrected])
        : `kubectl -n ${namespace} annotate --overwrite serviceaccount ${accountOf(ended)} ${quoted(`${ROLE}=${corrected}`)}`,
    ],
  };
}

interface ForeignAccount {
  /** As annotated. */
  readonly role: string;
  readonly account: string;
  /** The server's. */
  readonly own: string;
  /** False: the ServiceAccount names the role. */
  readonly isOfPod: boolean;
}

/** The account of the annotated role, if it is another one than the server's. */
export function foreignAccount({ annotations, settings }: ServerExplanation): ForeignAccount | undefined {
  const ofPod = roleIn(annotations.pod);
  const role = ofPod ?? roleIn(annotations.serviceAccount) ?? '';
  const account = roleArnParts(role).accountId;
  const own = roleArnParts(settings.roleBaseArn ?? '').accountId;
  if (account === '' || own === '' || account === own) return undefined;
  return { role, account, own, isOfPod: ofPod !== undefined };
}

/** Neither object closes it in firewall mode. */
function openStep({ explained, evidence }: Ended, namespace: string, name: string): NextStep | undefined {
  const next = 'remove the annotation if the Pod needs the metadata API';
  const { pod, namespace: ofNamespace } = explained?.annotations ?? {};
  if (pod?.[METADATA] !== undefined)
    return {
      next,
      commands: [annotatePod(namespace, templateOf(valueOf(evidence.pod), name), [METADATA, undefined])],
    };
  if (ofNamespace?.[METADATA] !== undefined)
    return { next, commands: [`kubectl annotate namespace ${namespace} ${METADATA}-`] };
  return undefined;
}

function editCommand(ended: Ended, at: LinkName): string {
  const [namespace = '', name = ''] = ended.evidence.name.split('/');
  if (at === 'Namespace') return `kubectl edit namespace ${namespace}`;
  if (at === 'ServiceAccount') return `kubectl -n ${namespace} edit serviceaccount ${accountOf(ended)}`;
  const { kind, name: named } = templateOf(valueOf(ended.evidence.pod), name);
  return `kubectl -n ${namespace} edit ${quoted(kind)} ${quoted(named)}`;
}

function accountOf({ explained, evidence }: Ended): string {
  return quoted(explained?.serviceAccount ?? valueOf(evidence.pod)?.spec?.serviceAccountName ?? 'default');
}
