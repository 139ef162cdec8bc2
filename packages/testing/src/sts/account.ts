import { readAssumeRole } from './assume-role.ts';
import type { AssumeRoleCall } from './assume-role.ts';
import { createFaultPlan, createThrottle, stsFaults } from './faults.ts';
import type { StsFaultName } from './faults.ts';
import { assumedIdentity, createKeys, randomWord } from './keys.ts';
import type { Identity } from './keys.ts';
import { answerXml, faultXml } from './query.ts';
import type { Answer, Query } from './query.ts';
import { createRoles } from './roles.ts';
import { createWebIdentities, issuedXml } from './web-identity.ts';

export interface AccountOptions {
  readonly clock: { now(): number };
  readonly account: string;
  /** No session lives longer, whatever is requested. Seconds. */
  readonly longestSeconds: number;
}

/** The service behind the socket: its answers and its planned faults. */
export function createAccount({ clock, account, ...options }: AccountOptions) {
  let { longestSeconds } = options;
  const nowMs = () => clock.now();
  const calls: AssumeRoleCall[] = [];
  const faults = createFaultPlan();
  const throttle = createThrottle(nowMs);
  const keys = createKeys(nowMs);
  const roles = createRoles();
  const webIdentities = createWebIdentities((identity, seconds) => keys.issue(identity, seconds));
  const own = serverIdentity(account);
  const ownKeys = createOwnKeys();

  function answer(query: Query): Answer | 'Reset' {
    const call = query.action === 'AssumeRole' ? readAssumeRole(query, clock.now()) : undefined;
    if (call !== undefined) calls.push(call);
    if (query.action === 'AssumeRoleWithWebIdentity') return webIdentities.answer(query);
    if (query.accessKeyId === undefined) return refuse('MissingAuthenticationToken');
    const key = keys.find(query.accessKeyId);
    const wrong = key && keys.faultOf(key, query.sessionToken);
    if (wrong !== undefined) return faultXml(wrong);
    if (key === undefined && ownKeys.areExpired(query.accessKeyId)) return refuse('ExpiredToken');
    if (throttle.exceeded()) return refuse('Throttling');
    const caller = key?.identity ?? own;
    if (call !== undefined) return assumeRole(call, caller);
    if (query.action === 'GetCallerIdentity') return callerIdentity(caller);
    return faultXml({
      status: 400,
      code: 'InvalidAction',
      message: `Could not find operation ${query.action}`,
    });
  }

  function assumeRole(call: AssumeRoleCall, caller: Identity): Answer | 'Reset' {
    const planned = faults.next(call.roleArn);
    if (planned === 'Reset') return 'Reset';
    if (planned === 'Garbage') return { status: 200, requestId: '', body: '<html>It works!' };
    if (planned !== undefined) return refuse(planned);
    const refusal = roles.refusal(call, caller);
    if (refusal !== undefined) return faultXml(refusal);
    const identity = assumedIdentity(call);
    const key = keys.issue(identity, Math.min(call.durationSeconds, longestSeconds));
    return answerXml('AssumeRole', {
      ...issuedXml(identity, key),
      SourceIdentity: call.sourceIdentity,
    });
  }

  const controls = {
    ...roles.controls,
    ...webIdentities.controls,
    ...ownKeys.controls,
    expireKeysOf: keys.expire,
    fail: (target: string, name: StsFaultName, times = Infinity) => {
      faults.add(target, name, times);
    },
    mend: faults.clear,
    limitLifetime: (seconds: number) => {
      longestSeconds = seconds;
    },
    throttleAbove: throttle.limit,
  };
  return { calls, webIdentityCalls: webIdentities.calls, answer, controls };
}

/** Keys that the fake has not issued are the server's own. They are valid until a test changes that. */
function createOwnKeys() {
  const expiredKeys = new Set<string>();
  let allExpired = false;
  return {
    areExpired: (accessKeyId: string) => allExpired || expiredKeys.has(accessKeyId),
    controls: {
      expireKey: (accessKeyId: string) => {
        expiredKeys.add(accessKeyId);
      },
      expireServerCredentials: () => {
        allExpired = true;
      },
      renewServerCredentials: () => {
        allExpired = false;
      },
    },
  };
}

function refuse(code: keyof typeof stsFaults): Answer {
  return faultXml({ ...stsFaults[code], code });
}

function callerIdentity({ arn, userId, account }: Identity): Answer {
  return answerXml('GetCallerIdentity', { Arn: arn, UserId: userId, Account: account });
}

function serverIdentity(account: string): Identity {
  const instance = 'i-0123456789abcdef0';
  return {
    account,
    arn: `arn:aws:sts::${account}:assumed-role/rolegate-server/${instance}`,
    userId: `AROA${randomWord(17)}:${instance}`,
  };
}
