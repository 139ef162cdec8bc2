import { randomBytes } from 'node:crypto';
import type { AssumeRoleCall } from './assume-role.ts';
import type { Fault } from './query.ts';
import { stsFaults } from './faults.ts';
import { parseRoleArn } from './role-arn.ts';

/** Issued credentials, or a caller's identity. */
export interface IssuedKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAtMs: number;
  readonly identity: Identity;
}

export interface Identity {
  readonly account: string;
  readonly arn: string;
  /** AROA...:session name. */
  readonly userId: string;
}

/** Tokens can exceed 4 kB but are usually shorter. Bytes before base64. */
const TOKEN_BYTES = 300;

const KEY_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** All issued keys, so that their owners can call GetCallerIdentity. */
export function createKeys(nowMs: () => number) {
  const issued = new Map<string, IssuedKey>();
  return {
    issue(identity: Identity, durationSeconds: number): IssuedKey {
      // STS uses whole seconds.
      const expiresAtMs = Math.floor(nowMs() / 1000 + durationSeconds) * 1000;
      const key = {
        accessKeyId: `ASIA${randomWord(16)}`,
        secretAccessKey: randomBytes(30).toString('base64'),
        sessionToken: randomBytes(TOKEN_BYTES).toString('base64'),
        expiresAtMs,
        identity,
      };
      issued.set(key.accessKeyId, key);
      return key;
    },
    find: (accessKeyId: string) => issued.get(accessKeyId),
    /** Expires the keys issued for the role so far. */
    expire: (roleArn: string): void => {
      const { account = '', name = '' } = parseRoleArn(roleArn) ?? {};
      const prefix = `:sts::${account}:assumed-role/${name}/`;
      for (const [id, key] of issued)
        if (key.identity.arn.includes(prefix)) issued.set(id, { ...key, expiresAtMs: nowMs() });
    },
    /** What is wrong with the use of an issued key. */
    faultOf(key: IssuedKey, sessionToken: string | undefined): Fault | undefined {
      if (key.sessionToken !== sessionToken)
        return { ...stsFaults.InvalidClientTokenId, code: 'InvalidClientTokenId' };
      return key.expiresAtMs <= nowMs() ? { ...stsFaults.ExpiredToken, code: 'ExpiredToken' } : undefined;
    },
  };
}

export function randomWord(length: number): string {
  return Array.from(randomBytes(length), (byte) => KEY_ALPHABET[byte % KEY_ALPHABET.length]).join('');
}

/** An assumed-role ARN omits the role's path. */
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
