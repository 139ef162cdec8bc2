import type { AssumeRoleCall } from './assume-role.ts';
import { randomWord } from './keys.ts';
import type { Identity } from './keys.ts';
import { parseRoleArn } from './role-arn.ts';

/** An assumed-role ARN leaves out the role's path. */
export function assumedIdentity({
  roleArn,
  sessionName,
}: Pick<AssumeRoleCall, 'roleArn' | 'sessionName'>): Identity {
  const { partition, account, name } = parseRoleArn(roleArn) ?? { partition: '', account: '', name: '' };
  return {
    account,
    arn: `arn:${partition}:sts::${account}:assumed-role/${name}/${sessionName}`,
    userId: `AROA${randomWord(17)}:${sessionName}`,
  };
}
