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

/** What STS gives for a session. */
export interface Issued {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since the epoch, by the clock of STS. */
  readonly expiresAtMs: number;
  /** What they had left when STS answered, whatever this machine's clock says. Milliseconds. */
  readonly lifetimeMs: number;
}

/** STS as the server uses it: one attempt a call, retries are decided by who calls. Rejects with what the SDK says. */
export interface Sts {
  /** Asks with the session's whole key. */
  readonly assumeRole: (session: Session) => Promise<Issued>;
  /** The server's own ARN. Every identity may ask for it. */
  readonly callerArn: () => Promise<string>;
  /** What the last call was signed with. */
  readonly ownKey: () => OwnKey | undefined;
  /** Ends open calls. */
  readonly close: () => void;
}

/** R1's arithmetic and a Pod's patience leave no room for longer. Milliseconds. */
const TIMEOUT_MS = 5_000;

/** As many as the budget lets be in flight. */
const MAX_SOCKETS = 100;

export function createSts(options: StsOptions): Sts {
  const { clock, timeoutMs = TIMEOUT_MS, lookup } = options;
  const handler = createStsRequestHandler({ timeoutMs, maxSockets: MAX_SOCKETS, lookup });
  const client = createStsClient(options, handler);
  const own = createOwnKeys(client, clock);

  /** One call, and a second one where STS refused the server's own credentials and there were newer ones to be had. */
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
        if (Arn === undefined) throw new Error('STS has answered without an ARN');
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
  'the key is in the environment of the process, which never changes: once the Secret is right, restart the server';

/** A name that cannot be resolved is, with these two, most likely one that AWS has never given. */
function explained(error: unknown, { region, useFips, useDualstack }: StsOptions): unknown {
  const flags = [useFips === true ? '--sts-fips' : '', useDualstack === true ? '--sts-dualstack' : ''].filter(
    (flag) => flag !== '',
  );
  if (flags.length === 0 || classifyStsError(error).code !== 'ENOTFOUND') return error;
  return withHint(error, `does ${region} have such an endpoint of STS (${flags.join(', ')})?`);
}

function readIssued(output: AssumeRoleCommandOutput, askedMs: number, clock: Clock): Issued {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = output.Credentials ?? {};
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || Expiration === undefined)
    throw new Error('STS has answered without whole credentials');
  const expiresAtMs = Expiration.getTime();
  if (Number.isNaN(expiresAtMs)) throw new Error('STS has answered credentials with an unreadable end');
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
    expiresAtMs,
    // STS's own clock against itself: this machine's may be wrong.
    lifetimeMs: Math.min(askedMs, expiresAtMs - (answerDateMs(output) ?? clock.now())),
  };
}
