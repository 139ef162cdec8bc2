import { isReason, reasons, roleArnParts } from '@rolegate/protocol';
import type { ServerSession } from '../answers/server-status.ts';
import type { Evidence } from './evidence.ts';
import type { NextStep } from './link.ts';
import { quoted } from '../output/shell.ts';

/** STS names who asked: `User: ARN is not authorized to perform: sts:AssumeRole`. */
const WHO_ASKED = /User: (arn:[^\s]{1,300}) is not authorized/;
/** A session of a role, which a trust policy names by the role. Its path, if it has one, is not in here. */
const SESSION_OF_ROLE = /^arn:([^:]*):sts::([0-9]{12}):assumed-role\/([^/]+)\/.+$/;
/** What the server can ask for (docs/install.md). */
const ACTIONS = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'];

export interface StsStep extends NextStep {
  readonly details: readonly string[];
}

/** What STS said last, in one line. */
export function stsFault({ reason = '', error }: Pick<ServerSession, 'reason' | 'error'>): string {
  // STS answers the same in all these cases.
  const absent = 'the role does not exist, does not trust the server, or the server may not assume it';
  const meaning = reason === 'StsAccessDenied' ? absent : isReason(reason) ? reasons[reason].meaning : '';
  return [reason, meaning, error ?? ''].filter((part) => part !== '').join(': ');
}

/** What to do about what STS said last. */
export function stsStep(session: ServerSession, evidence: Evidence): StsStep {
  const again = `kubectl rolegate explain ${evidence.name}`;
  switch (session.reason) {
    case 'StsAccessDenied':
      return trustStep(session);
    case 'ServerCredentials':
      return {
        next: "repair the source of the server's own credentials (chart value credentials.source), which is checked again within half a minute",
        commands: ['kubectl rolegate logs --reason ServerCredentials --since 1h', again],
        details: [],
      };
    case 'StsThrottled':
      return {
        next: 'raise the STS quota of the account, or lower --sts-rate (chart value sts.rate)',
        commands: [],
        details: [],
      };
    case 'StsUnavailable':
    case 'StsRegionDisabled':
      return {
        next: "all Pods are affected: check the servers' connection to STS, and their Region",
        commands: ['kubectl rolegate doctor'],
        details: [],
      };
    case undefined:
    default:
      return { next: 'correct what the message names, and ask again', commands: [again], details: [] };
  }
}

function trustStep({ role, error = '' }: ServerSession): StsStep {
  const name = roleArnParts(role).pathAndName.split('/').at(-1) ?? role;
  const asked = WHO_ASKED.exec(error)?.[1];
  const who = asked?.replace(SESSION_OF_ROLE, 'arn:$1:iam::$2:role/$3') ?? "SERVER'S-ROLE-ARN";
  const statement = { Effect: 'Allow', Principal: { AWS: who }, Action: ACTIONS };
  return {
    next: `if the role does not exist, create it or correct its name; if it does, let its trust policy allow sts:AssumeRole to ${who}, and allow that to assume it`,
    commands: [`aws iam get-role --role-name ${quoted(name)}`],
    // With spaces, at which it is wrapped.
    details: [
      `statement that its trust policy needs: ${JSON.stringify(statement, undefined, 1).replace(/\s+/g, ' ')}`,
    ],
  };
}
