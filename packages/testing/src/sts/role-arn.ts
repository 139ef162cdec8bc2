export interface RoleArn {
  readonly partition: string;
  readonly account: string;
  /** Without its path, as in an assumed-role ARN. */
  readonly name: string;
}

const ROLE_ARN =
  /^arn:(?<partition>aws[a-z-]*):iam::(?<account>\d{12}):role\/(?:[\x21-\x7e]+\/)?(?<name>[\w+=,.@-]{1,64})$/;

export function parseRoleArn(arn: string): RoleArn | undefined {
  const parts = ROLE_ARN.exec(arn)?.groups;
  return (
    parts && {
      partition: parts['partition'] ?? '',
      account: parts['account'] ?? '',
      name: parts['name'] ?? '',
    }
  );
}
