import { stsFaults } from './faults.ts';
import { assumedIdentity } from './keys.ts';
import type { Identity, IssuedKey } from './keys.ts';
import { answerXml, faultXml } from './query.ts';
import type { Answer, Query } from './query.ts';
import { parseRoleArn } from './role-arn.ts';

/** A received AssumeRoleWithWebIdentity call, whatever its result. */
export interface WebIdentityCall {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly token: string;
}

const DEFAULT_DURATION_SECONDS = 3600;

/** Accepts tokens of one issuer that STS knows. The call itself is not signed. */
export function createWebIdentities(issue: (identity: Identity, durationSeconds: number) => IssuedKey) {
  const calls: WebIdentityCall[] = [];
  let accepted: string | undefined;
  return {
    calls,
    controls: {
      acceptWebIdentity: (token: string | undefined) => {
        accepted = token;
      },
    },
    answer({ fields }: Query): Answer {
      const [roleArn, sessionName, token] = ['RoleArn', 'RoleSessionName', 'WebIdentityToken'].map(
        (name) => fields.get(name) ?? '',
      ) as [string, string, string];
      calls.push({ roleArn, sessionName, token });
      if (parseRoleArn(roleArn) === undefined)
        return faultXml({ status: 400, code: 'ValidationError', message: `${roleArn} is invalid` });
      if (token === '' || token !== accepted)
        return faultXml({ ...stsFaults.InvalidIdentityToken, code: 'InvalidIdentityToken' });
      const identity = assumedIdentity({ roleArn, sessionName });
      const key = issue(identity, Number(fields.get('DurationSeconds') ?? DEFAULT_DURATION_SECONDS));
      return answerXml('AssumeRoleWithWebIdentity', {
        SubjectFromWebIdentityToken: 'system:serviceaccount:rolegate:rolegate-server',
        Audience: 'sts.amazonaws.com',
        ...issuedXml(identity, key),
      });
    },
  };
}

/** The answer of both calls about a new session. */
export function issuedXml(identity: Identity, key: IssuedKey) {
  return {
    AssumedRoleUser: { AssumedRoleId: identity.userId, Arn: identity.arn },
    Credentials: {
      AccessKeyId: key.accessKeyId,
      SecretAccessKey: key.secretAccessKey,
      SessionToken: key.sessionToken,
      Expiration: new Date(key.expiresAtMs).toISOString().replace('.000Z', 'Z'),
    },
  };
}
