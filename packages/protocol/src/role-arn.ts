const ROLE_ARN = /^arn:[^:]*:iam::([0-9]{12}):/;
const RESOURCE = ':role/';

/** The parts of a role ARN. */
export interface RoleArnParts {
  /** 12 digits, or '' if the ARN has no account. */
  readonly accountId: string;
  /** The path and name after `role/`. */
  readonly pathAndName: string;
}

/**
 * Parses `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`. Never throws. Whether IAM allows such a role is checked by
 * policy/.
 */
export function roleArnParts(roleArn: string): RoleArnParts {
  return {
    accountId: ROLE_ARN.exec(roleArn)?.[1] ?? '',
    pathAndName: roleArn.slice(roleArn.indexOf(RESOURCE) + RESOURCE.length),
  };
}
