import { reasons } from '@rolegate/protocol';
import { roughly } from '@rolegate/runtime';
import { faultOf, valueOf } from '../../answers/answer.ts';
import type { ServerStatus } from '../../answers/server-status.ts';
import { isServer } from '../cluster.ts';
import type { Cluster, ServerReading } from '../cluster.ts';
import type { Finding } from '../finding.ts';

/** As the alerts RolegateServerCertificateExpiring and RolegateAuthorityExpiring. Seconds. */
const LEAST_LIFE_S: Readonly<Record<string, number>> = { certificate: 6 * 3600, ca: 30 * 86_400 };
/** As the alert RolegateWatchStale. Seconds. */
const OLDEST_WATCH_S = 180;
/** Errors of STS that are not one role's. */
const EVERYBODYS = ['ServerCredentials', 'StsThrottled', 'StsUnavailable', 'StsRegionDisabled'] as const;
const OWN_CREDENTIALS = 'own credentials';
/** These checks of a server have findings of their own. */
const COVERED = [OWN_CREDENTIALS, 'caches'];

/** The servers, what STS says to them, and their certificates. */
export function checkServers(cluster: Cluster): readonly Finding[] {
  const { servers, agents, pods } = cluster;
  const needsServer =
    agents.length === 0 || agents.some(({ status }) => valueOf(status)?.mode !== 'firewall');
  if (servers.length > 0) {
    const answering = servers.some(({ status }) => valueOf(status) !== undefined);
    return servers.flatMap((server) => ofServer(server, answering));
  }
  // Without the right to look nothing is known.
  const isKnown = valueOf(pods)?.some(isServer) === false;
  if (!isKnown || !needsServer) return [];
  return [
    error('server', 'there is no server: Pods get no new credentials', 'no Pod has the labels of a server', {
      fix: 'install the chart rolegate-server, or name its Namespace by --rolegate-namespace',
    }),
  ];
}

/** `answering`: at least one server answers. */
function ofServer({ pod, status }: ServerReading, answering: boolean): readonly Finding[] {
  const value = valueOf(status);
  if (value === undefined)
    return [
      (answering ? warning : error)(
        'server',
        answering ? 'a server does not answer, others do' : 'no server answers',
        `${pod}: ${faultOf(status) ?? ''}`,
        { fix: `look at it: kubectl describe pod -n ${pod.replace('/', ' ')}` },
      ),
    ];
  return [
    ...ofCaches(pod, value),
    ...ofBaseArn(pod, value),
    ...ofSts(pod, value),
    ...ofChecks(pod, value),
    ...ofCertificates(pod, value),
    ...ofWarnings(pod, value),
  ];
}

function ofCaches(pod: string, { synced, watchAgeSeconds }: ServerStatus): readonly Finding[] {
  if (synced === false)
    return [
      error('server', 'a server has not read the cluster yet', pod, {
        fix: "see its log: it may lack the rights of the chart's ClusterRole, or not reach the API server",
      }),
    ];
  const old = Object.entries(watchAgeSeconds).filter(([, age]) => age > OLDEST_WATCH_S);
  if (old.length === 0) return [];
  const ages = old.map(([kind, age]) => `${kind} ${roughly(age * 1000)}`).join(', ');
  return [
    error(
      'server',
      'a server hears nothing from the API server: changes are not in force',
      `${pod}: ${ages}`,
      {
        fix: 'check the network path from the server to the API server, and the log of the server',
      },
    ),
  ];
}

function ofBaseArn(pod: string, { roleBaseArn, synced }: ServerStatus): readonly Finding[] {
  if (roleBaseArn !== undefined || synced === undefined) return [];
  return [
    error('sts', 'the role base ARN is not detected: Pods that name a role without its ARN wait', pod, {
      fix: "repair the server's own credentials and its connection to STS, or set --role-base-arn (chart value roles.baseArn)",
    }),
  ];
}

function ofSts(pod: string, status: ServerStatus): readonly Finding[] {
  const { checks, sessionsByState, sessions } = status;
  const own = checks[OWN_CREDENTIALS];
  const rejected =
    own === undefined || own === true
      ? []
      : [
          error(
            'sts',
            "STS does not take the server's own credentials: no Pod gets new ones",
            `${pod}: ${String(own)}`,
            {
              fix: `${lowerFirst(reasons.ServerCredentials.remedy)}; docs/sts.md lists the sources`,
            },
          ),
        ];
  const counts = failuresOf(sessionsByState);
  const general = EVERYBODYS.filter(
    (reason) => (counts[reason] ?? 0) > 0 && !(reason === 'ServerCredentials' && rejected.length > 0),
  ).map((reason) =>
    error(
      'sts',
      `${reason}: ${reasons[reason].meaning}`,
      `${pod}: ${counts[reason] ?? 0} sessions; ${errorOf(sessions, reason)}`,
      {
        fix: lowerFirst(reasons[reason].remedy),
      },
    ),
  );
  const others = Object.keys(counts).filter((reason) => !EVERYBODYS.some((one) => one === reason));
  return [
    ...rejected,
    ...general,
    ...others.map((reason) =>
      warning(
        'sts',
        `STS refuses roles: ${reason}`,
        `${pod}: ${counts[reason] ?? 0} sessions; ${errorOf(sessions, reason)}`,
        {
          fix: 'see which Pods: kubectl rolegate roles; and why: kubectl rolegate explain POD',
        },
      ),
    ),
  ];
}

function failuresOf(byState: ServerStatus['sessionsByState']): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { reasons: failed } of Object.values(byState))
    for (const [reason, count] of Object.entries(failed))
      counts.set(reason, (counts.get(reason) ?? 0) + count);
  return Object.fromEntries(counts);
}

function errorOf(sessions: ServerStatus['sessions'], reason: string): string {
  const first = sessions.find((session) => session.reason === reason);
  return first === undefined ? '' : `${first.role}: ${first.error ?? ''}`;
}

function ofChecks(pod: string, { checks, issuerKeysError }: ServerStatus): readonly Finding[] {
  const failed = Object.entries(checks).filter(([name, state]) => state !== true && !COVERED.includes(name));
  return [
    ...failed.map(([name, state]) =>
      warning(
        'probes',
        `the check ${JSON.stringify(name)} of a server fails`,
        `${pod}: ${state === false ? 'not ready' : String(state)}`,
        {
          fix: 'see the log of the server',
        },
      ),
    ),
    ...(issuerKeysError === undefined
      ? []
      : [
          warning(
            'server',
            'the issuer keys of ServiceAccount tokens are not read',
            `${pod}: ${issuerKeysError}`,
            {
              fix: "check that the server's ClusterRole allows get on /openid/v1/jwks",
            },
          ),
        ]),
  ];
}

function ofCertificates(pod: string, { certificateSeconds }: ServerStatus): readonly Finding[] {
  return Object.entries(certificateSeconds).flatMap(([name, seconds]) => {
    if (seconds >= (LEAST_LIFE_S[name] ?? 0)) return [];
    const left = seconds <= 0 ? 'has expired' : `expires in ${roughly(seconds * 1000)}`;
    const make = name === 'ca' && seconds > 0 ? warning : error;
    const what =
      name === 'ca'
        ? 'the CA certificate is near its end'
        : 'a server certificate is near its end: agents can then not connect';
    return [
      make('certificates', what, `${pod}: ${name} ${left}`, {
        fix:
          name === 'ca'
            ? 'rotate the authority: docs/identity.md#rotation'
            : 'see why it is not renewed: the log of the server',
      }),
    ];
  });
}

function ofWarnings(pod: string, { startupWarnings }: ServerStatus): readonly Finding[] {
  return startupWarnings.map((text) => ({
    severity: 'info' as const,
    check: 'server' as const,
    node: undefined,
    what: `warning at the start of a server: ${text}`,
    evidence: pod,
    fix: 'correct the flag or chart value that it names',
  }));
}

type Make = (
  check: Finding['check'],
  what: string,
  evidence: string,
  more: { readonly fix: string },
) => Finding;

const error: Make = (check, what, evidence, { fix }) => ({
  severity: 'error',
  check,
  node: undefined,
  what,
  evidence,
  fix,
});
const warning: Make = (check, what, evidence, { fix }) => ({
  severity: 'warning',
  check,
  node: undefined,
  what,
  evidence,
  fix,
});

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
