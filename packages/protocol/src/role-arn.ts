const ROLE_ARN = /^arn:[^:]*:iam::([0-9]{12}):/;
const RESOURCE = ':role/';

/** What a role ARN says. */
export interface RoleArnParts {
  /** 12 digits, or '' if the ARN names no account. */
  readonly accountId: string;
  /** The path and the name: what follows `role/`. */
  readonly pathAndName: string;
}

/** Reads `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`. Never throws: whether IAM could hold the role is the policy's question. */
export function roleArnParts(roleArn: string): RoleArnParts {
  return {
    accountId: ROLE_ARN.exec(roleArn)?.[1] ?? '',
    pathAndName: roleArn.slice(roleArn.indexOf(RESOURCE) + RESOURCE.length),
  };
}
