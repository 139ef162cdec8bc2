import type { LookupFunction } from 'node:net';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import type { AssumeRoleCommandOutput } from '@aws-sdk/client-sts';
import type { Clock } from '@rolegate/runtime';
import type { Session } from '../../session/session.ts';
import { createOwnKeys } from './own-key.ts';
import type { OwnKey } from './own-key.ts';
import { answerDateMs, createStsClient } from './client.ts';
import type { StsClientOptions } from './client.ts';
import { classifyStsError, withHint } from './errors.ts';
import { createStsRequestHandler } from './request-handler.ts';

export interface StsOptions extends StsClientOptions {
  readonly clock: Clock;
  /** Milliseconds. */
  readonly timeoutMs?: number;
  /** How names are resolved. Defaults to the system's resolver. */
  readonly lookup?: LookupFunction;
}

/** Credentials that STS issued for a session. */
export interface Issued {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since the epoch, by the clock of STS. */
  readonly expiresAtMs: number;
  /** Remaining lifetime when STS answered, independent of this machine's clock. Milliseconds. */
  readonly lifetimeMs: number;
}

/** STS client with one attempt a call; the caller decides about retries. Rejects with the SDK's errors. */
export interface Sts {
  readonly assumeRole: (session: Session) => Promise<Issued>;
  /** The server's own ARN. Needs no permission. */
  readonly callerArn: () => Promise<string>;
  /** The key that signed the last call. */
  readonly ownKey: () => OwnKey | undefined;
  /** Aborts open calls. */
  readonly close: () => void;
}

/** Promise R1 and the timeouts of SDKs allow no more. Milliseconds. */
const TIMEOUT_MS = 5_000;

/** The most calls in flight that the budget allows. */
const MAX_SOCKETS = 100;

export function createSts(options: StsOptions): Sts {
  const { clock, timeoutMs = TIMEOUT_MS, lookup } = options;
  const handler = createStsRequestHandler({ timeoutMs, maxSockets: MAX_SOCKETS, lookup });
  const client = createStsClient(options, handler);
  const own = createOwnKeys(client, clock);

  /** Makes a call, and repeats it if STS rejected the server's own credentials and newer ones are available. */
  async function call<Answer>(send: () => Promise<Answer>): Promise<Answer> {
    const used = await own.current();
    try {
      return await send();
    } catch (error) {
      if (classifyStsError(error).reason !== 'ServerCredentials') throw explained(error, options);
      const now = await own.refreshed();
      if (now.accessKeyId !== used.accessKeyId) return send();
      throw now.fixed ? withHint(error, FIXED_HINT) : error;
    }
  }

  return {
    assumeRole: (session) =>
      call(async () => {
        const command = new AssumeRoleCommand({
          RoleArn: session.roleArn,
          RoleSessionName: session.sessionName,
          DurationSeconds: session.durationSeconds,
          ExternalId: session.externalId,
          SourceIdentity: session.sourceIdentity,
          ...(session.tags.length > 0 && { Tags: session.tags.map(([Key, Value]) => ({ Key, Value })) }),
        });
        return readIssued(await client.send(command), session.durationSeconds * 1000, clock);
      }),
    callerArn: () =>
      call(async () => {
        const { Arn } = await client.send(new GetCallerIdentityCommand({}));
        if (Arn === undefined) throw new Error('the response of STS has no ARN');
        return Arn;
      }),
    ownKey: own.seen,
    close() {
      handler.destroy();
      client.destroy();
    },
  };
}

const FIXED_HINT =
  'the key is in the environment of the process, which never changes: correct the Secret, then restart the server';

/** With these flags, a host name that does not resolve most likely does not exist. */
function explained(error: unknown, { region, useFips, useDualstack }: StsOptions): unknown {
  const flags = [useFips === true ? '--sts-fips' : '', useDualstack === true ? '--sts-dualstack' : ''].filter(
    (flag) => flag !== '',
  );
  if (flags.length === 0 || classifyStsError(error).code !== 'ENOTFOUND') return error;
  return withHint(error, `check that ${region} has such an STS endpoint (${flags.join(', ')})`);
}

function readIssued(output: AssumeRoleCommandOutput, askedMs: number, clock: Clock): Issued {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = output.Credentials ?? {};
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || Expiration === undefined)
    throw new Error('the response of STS has incomplete credentials');
  const expiresAtMs = Expiration.getTime();
  if (Number.isNaN(expiresAtMs)) throw new Error('the response of STS has an unreadable expiration');
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
    expiresAtMs,
    // Both times are from the clock of STS, because this machine's may be wrong.
    lifetimeMs: Math.min(askedMs, expiresAtMs - (answerDateMs(output) ?? clock.now())),
  };
}
