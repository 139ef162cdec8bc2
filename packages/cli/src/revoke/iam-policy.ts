import { accountOf, isArn, pathAndName } from '../roles/role-name.ts';
import { quoted } from '../output/shell.ts';

const POLICY_NAME = 'RolegateRevoked';
/** Leaves the single quotes for the time of the run. */
const SHELL_TIME = `'"$(date -u +%Y-%m-%dT%H:%M:%SZ)"'`;

/** What ends credentials that were handed out before. */
export interface IamEnd {
  readonly account: string;
  readonly roleName: string;
  readonly policy: object;
  /** With the same time, or with that of its run. */
  readonly command: string;
  /** Removes the policy when it is not needed any more. */
  readonly undo: string;
}

export interface IamEndRequest {
  readonly roleArn: string;
  /** Undefined: all sessions of the role. */
  readonly session: string | undefined;
  /** Sessions that were issued before are ended. Milliseconds since the epoch. */
  readonly beforeMs: number;
  /** The command is for later: it ends the sessions that were issued before its run. */
  readonly isForLater: boolean;
}

/**
 * An inline policy that denies everything to sessions issued before a time (IAM User Guide, "Revoke IAM role temporary security
 * credentials"). Undefined if the role is no ARN.
 */
export function iamEnd({ roleArn, session, beforeMs, isForLater }: IamEndRequest): IamEnd | undefined {
  if (!isArn(roleArn)) return undefined;
  const time = new Date(beforeMs).toISOString().replace(/\.\d+Z$/, 'Z');
  const policy = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: {
          DateLessThan: { 'aws:TokenIssueTime': time },
          ...(session === undefined ? {} : { StringLike: { 'aws:userid': `*:${session}` } }),
        },
      },
    ],
  };
  const roleName = pathAndName(roleArn).split('/').at(-1) ?? '';
  const which = `--role-name ${quoted(roleName)} --policy-name ${POLICY_NAME}`;
  const document = quoted(JSON.stringify(policy));
  return {
    account: accountOf(roleArn),
    roleName,
    policy,
    command: `aws iam put-role-policy ${which} --policy-document ${isForLater ? document.replace(time, SHELL_TIME) : document}`,
    undo: `aws iam delete-role-policy ${which}`,
  };
}
