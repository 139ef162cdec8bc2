import { durationFault, invalidity } from './assume-role.ts';
import type { AssumeRoleCall } from './assume-role.ts';
import { stsFaults } from './faults.ts';
import type { Identity } from './keys.ts';
import type { Fault } from './query.ts';
import { parseRoleArn } from './role-arn.ts';

/** The longest session that IAM allows for a role. Seconds. */
const LONGEST_SECONDS = 43_200;

/** What single roles require of their callers. */
export function createRoles() {
  const maxSeconds = new Map<string, number>();
  const externalIds = new Map<string, string>();
  const trusted = new Map<string, string>();
  return {
    controls: {
      maxSessionDuration: (roleArn: string, seconds: number) => {
        maxSeconds.set(roleArn, seconds);
      },
      requireExternalId: (roleArn: string, externalId: string) => {
        externalIds.set(roleArn, externalId);
      },
      trustOnly: (roleArn: string, trustedRoleArn: string) => {
        trusted.set(roleArn, trustedRoleArn);
      },
    },
    /** Why the caller may not assume the role this way. Undefined if it may. */
    refusal(call: AssumeRoleCall, caller: Identity): Fault | undefined {
      const chained = caller.arn.includes(':assumed-role/');
      const limit = { chained, maxSeconds: maxSeconds.get(call.roleArn) ?? LONGEST_SECONDS };
      const fault = invalidity(call) ?? durationFault(call, limit);
      if (fault !== undefined) return fault;
      const demanded = externalIds.get(call.roleArn);
      const right = demanded === undefined || demanded === call.externalId;
      if (right && isOf(caller, trusted.get(call.roleArn))) return undefined;
      const message = `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${call.roleArn}`;
      return { ...stsFaults.AccessDenied, code: 'AccessDenied', message };
    },
  };
}

/** True for a session of the role, and for everybody if no role is named. */
function isOf({ arn, account }: Identity, roleArn: string | undefined): boolean {
  const role = roleArn === undefined ? undefined : parseRoleArn(roleArn);
  if (role === undefined) return true;
  return role.account === account && arn.includes(`:assumed-role/${role.name}/`);
}
