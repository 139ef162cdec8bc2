import type { Service } from '@rolegate/runtime';
import { createAssumedRole } from '../credentials/assumed-role.ts';
import { createOwnCredentialsWatch, createStsHealth } from '../credentials/sts/health.ts';
import type { StsHealth } from '../credentials/sts/health.ts';
import { secondsLeftOf } from '../credentials/sts/own-key.ts';
import { RENEW_AT } from '../credentials/lifetimes.ts';
import { createSessions } from '../credentials/sessions.ts';
import { createStsBudget } from '../credentials/budget/sts-budget.ts';
import type { StsClientOptions } from '../credentials/sts/client.ts';
import { createSts } from '../credentials/sts/sts.ts';
import type { Sts } from '../credentials/sts/sts.ts';
import type { ServerMemory } from '../memory/memory.ts';
import type { ServerMetrics } from '../metrics/metrics.ts';
import type { ServerDeps } from './deps.ts';

export type IssuedSessions = ReturnType<typeof issueCredentials>;

/** The most that STS allows for a role that assumes other roles (role chaining). Seconds. */
const ASSUMED_SECONDS = 3600;
/** RoleSessionName. Characters. */
const LONGEST_NAME = 64;

/** The STS client and the sessions issued through it. */
export function issueCredentials(
  deps: ServerDeps,
  { metrics, memory }: { readonly metrics: ServerMetrics; readonly memory: ServerMemory },
) {
  const { config, clock, log, random } = deps;
  const { rate, burst, assumedRoleArn } = config.sts;
  const health = createStsHealth({ log });
  const own = stsOf(deps);
  const assumed = assumedRoleArn === undefined ? undefined : assume(assumedRoleArn, { ...deps, own, health });
  const sts = assumed?.sts ?? own;
  const budget = createStsBudget({ ratePerSecond: rate, burst, clock });
  const sessions = createSessions({
    issue: sts.assumeRole,
    budget,
    clock,
    random,
    log,
    metrics,
    health,
    memory,
  });
  const checks = { calls: sts.callerArn, ...(assumed && { own: own.callerArn }) };
  const services: Service[] = [
    createOwnCredentialsWatch({ checks, health, clock }),
    ...(assumed ? [{ name: 'assumed role', run: assumed.role.run }] : []),
  ];
  function close(): void {
    sessions.stop();
    own.close();
    sts.close();
  }
  const ownSecondsLeft = () => ({
    ...labelled('own', secondsLeftOf(own.ownKey(), clock)),
    ...labelled('assumed-role', assumed?.role.secondsLeft()),
  });
  return { sts, budget, sessions, services, ownSecondsLeft, close };
}

function assume(roleArn: string, deps: ServerDeps & { readonly own: Sts; readonly health: StsHealth }) {
  const sessionName = `rolegate.${deps.hostname}`.replace(/[^\w+=,.@-]/g, '-').slice(0, LONGEST_NAME);
  const session = { roleArn, sessionName, tags: [], durationSeconds: ASSUMED_SECONDS };
  const role = createAssumedRole({
    ...deps,
    assume: () => deps.own.assumeRole(session),
    renewAt: RENEW_AT,
  });
  return { role, sts: stsOf(deps, role.provider) };
}

function stsOf(
  { config, clock }: ServerDeps,
  credentialProvider?: StsClientOptions['credentialProvider'],
): Sts {
  const { region, endpoint, fips: useFips, dualStack: useDualstack } = config.sts;
  return createSts({
    region,
    useFips,
    useDualstack,
    clock,
    ...(endpoint !== undefined && { endpoint }),
    ...(credentialProvider !== undefined && { credentialProvider }),
  });
}

function labelled(credentials: string, seconds: number | undefined): Readonly<Record<string, number>> {
  return seconds === undefined ? {} : { [credentials]: seconds };
}
