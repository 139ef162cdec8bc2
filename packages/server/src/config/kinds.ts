import { audienceFault } from '@rolegate/protocol';
import type { ValueKind } from '@rolegate/runtime';
import { text } from '@rolegate/runtime';
import { parseRole, parseRoleBaseArn } from '../policy/role-arn.ts';

/** An AWS region; the pattern admits future ones. */
export const region = text('REGION', {
  pattern: /^[a-z]{2,8}(-[a-z0-9]{1,16}){2,5}$/,
  is: 'region',
  hint: 'write it as eu-central-1',
});
/** SPIFFE ID, 2.1. */
export const trustDomain = text('DOMAIN', {
  pattern: /^[a-z0-9._-]{1,255}$/,
  is: 'trust domain',
  hint: 'use lower-case letters, digits, dots, dashes and underscores (SPIFFE ID, 2.1)',
});
/** Kubernetes: a DNS label, and a DNS subdomain. */
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const SUBDOMAIN = `(?=[^/]{1,253}$)${LABEL}(?:\\.${LABEL})*`;
export const namespace = text('NAMESPACE', {
  pattern: new RegExp(`^${LABEL}$`),
  is: 'name of a Namespace',
  hint: 'write it as "kubectl get namespaces" shows it',
});
/** A Secret, by default of the server's own Namespace. */
export const secret = text('[NAMESPACE/]NAME', {
  pattern: new RegExp(`^(?:${LABEL}/)?${SUBDOMAIN}$`),
  is: 'name of a Secret',
  hint: 'write it as rolegate-authority or rolegate/rolegate-authority',
});
/** A ServiceAccount with its Namespace. */
export const serviceAccount = text('NAMESPACE/NAME', {
  pattern: new RegExp(`^${LABEL}/${SUBDOMAIN}$`),
  is: 'ServiceAccount',
  hint: 'write it as rolegate/rolegate-agent',
});
/** A DaemonSet without its Namespace. */
export const daemonSet = text('NAME', {
  pattern: new RegExp(`^${SUBDOMAIN}$`),
  is: 'name of a DaemonSet',
  hint: 'write it without its Namespace, as rolegate-agent',
});
/** The value of `iss` in ServiceAccount tokens. */
export const serviceAccountIssuer = text('URL', {
  pattern: /^[!-~]{1,512}$/,
  is: 'issuer of ServiceAccount tokens',
  hint: 'write it as --service-account-issuer of kube-apiserver has it, character for character',
});
/** The value of `aud` in the ServiceAccount tokens of Pods. */
export const audience: ValueKind<string> = {
  placeholder: 'AUDIENCE',
  parse(given) {
    const why = /^[!-~]{1,253}$/.test(given) ? audienceFault(given) : 'it has spaces or is too long';
    return why === undefined
      ? { value: given }
      : {
          fault: `${JSON.stringify(given)} cannot be the audience: ${why}; use rolegate, or a name of your own`,
        };
  },
};
/** Ends in a slash. */
export const roleBaseArn = parsedBy('ARN', parseRoleBaseArn);
/** A role as in an annotation. */
export const role: ValueKind<string> = {
  placeholder: 'ROLE',
  parse(given) {
    const parsed = parsedBy('ROLE', parseRole).parse(given);
    return 'fault' in parsed ? parsed : { value: given };
  },
};

/** The role that the server itself assumes. Empty means none: kiam's charts render it empty if it is not set. */
export const assumedRole: ValueKind<string | undefined> = {
  placeholder: 'ARN',
  takesEmpty: true,
  parse: (given) => (given === '' ? { value: undefined } : role.parse(given)),
};
/** Kubernetes: a qualified name, whose prefix is a DNS subdomain. */
export const taintKey = text('KEY', {
  pattern: new RegExp(
    `^(?:(?=[^/]{1,253}/)${LABEL}(?:\\.${LABEL})*/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$`,
  ),
  is: 'key of a taint',
  hint: 'write only the key, without value and effect, as rolegate.dev/agent-not-ready',
});

/** A kind parsed by the policy, whose faults are sentences without a subject. */
function parsedBy<Value>(
  placeholder: string,
  parse: (given: string) => { readonly value: Value } | { readonly fault: string },
): ValueKind<Value> {
  return {
    placeholder,
    parse(given) {
      const parsed = parse(given);
      return 'fault' in parsed ? { fault: `the value ${parsed.fault}` } : parsed;
    },
  };
}
