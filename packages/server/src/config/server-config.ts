import type { FlagValues } from '@rolegate/runtime';
import { accountBaseArn, assumedRoleArn } from './sts-checks.ts';
import { readAsHour } from './checks.ts';
import type { serverFlags } from './flags.ts';
import type { ServerConfig } from './config.ts';

/** Milliseconds. */
const HOUR_MS = 3_600_000;

type Values = FlagValues<typeof serverFlags>;

/** Undefined: the server is its own authority. */
export function toTls({ cert, key, ca }: Values): ServerConfig['tls'] {
  if (cert === undefined || key === undefined || ca === undefined) return undefined;
  return Object.freeze({ certFile: cert, keyFile: key, caFile: ca });
}

/** Names as the Service of the charts has them, unless told. */
export function toAuthority(values: Values, namespace: string): ServerConfig['authority'] {
  const [name = '', elsewhere = namespace] = values['authority-secret'].split('/').reverse();
  const service = 'rolegate-server';
  const names = [
    service,
    ...['', '.svc', '.svc.cluster.local'].map((end) => `${service}.${namespace}${end}`),
  ];
  const given = values['server-name'];
  return Object.freeze({
    namespace: elsewhere,
    name,
    ageMs: values['authority-age'],
    serverNames: given.length > 0 ? given : Object.freeze(namespace === '' ? [service] : names),
  });
}

/** Whose Pods may be agents. */
export function toAgents(values: Values, namespace: string): ServerConfig['agents'] {
  const given = values['agent-service-account'];
  const usual = namespace === '' ? [] : [`${namespace}/rolegate-agent`];
  return Object.freeze({
    identity: values['agent-identity'],
    serviceAccounts: given.length > 0 ? given : Object.freeze(usual),
    daemonSets: values['agent-daemonset'],
    startupTaints: values['startup-taint'],
  });
}

/** As whom Pods' roles are assumed. */
export function toSessions(values: Values): ServerConfig['sessions'] {
  return Object.freeze({
    scope: values['session-scope'],
    durationMs: readAsHour(values) ? HOUR_MS : values['session-duration'],
    nameTemplate: values['session-name-template'],
    sourceIdentityTemplate: values['source-identity-template'],
    tagTemplates: Object.freeze(Object.fromEntries(values['session-tag'])),
  });
}

/** Which roles Pods may have. */
export function toRoles(values: Values): ServerConfig['roles'] {
  const assumed = assumedRoleArn(values);
  return Object.freeze({
    // Pods' roles are sought where that role is: nothing need be asked.
    baseArn: values['role-base-arn'] ?? (assumed && accountBaseArn(assumed)),
    ceilings: values['role-ceiling'],
    namespacePolicy: values['namespace-policy'],
    defaultRole: values['default-role'],
  });
}

/** Whom the server asks, and as whom. */
export function toSts(values: Values): ServerConfig['sts'] {
  return Object.freeze({
    // With an endpoint of one's own the region is only part of the signature.
    region: values.region ?? 'us-east-1',
    endpoint: values['sts-endpoint'],
    fips: values['sts-fips'],
    dualStack: values['sts-dualstack'],
    assumedRoleArn: assumedRoleArn(values),
    rate: values['sts-rate'],
    burst: values['sts-burst'],
  });
}
