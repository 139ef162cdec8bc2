import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { AssumeRoleCommandOutput, STSClientConfig } from '@aws-sdk/client-sts';
import type { Clock } from '@rolegate/runtime';
import type { Session } from '../session.ts';
import type { Issued } from './issued-credentials.ts';
import { classifyStsError } from './sts-errors.ts';
import { createStsRequestHandler } from './sts-request-handler.ts';

export interface StsOptions {
  /** The endpoint is always the region's. */
  readonly region: string;
  /** Instead of the region's own, e.g. of a PrivateLink. */
  readonly endpoint?: string;
  readonly useFips?: boolean;
  readonly useDualstack?: boolean;
  /** The server's own credentials; else the SDK's default chain finds them. */
  readonly credentialProvider?: NonNullable<STSClientConfig['credentials']>;
  readonly clock: Clock;
  /** Milliseconds. */
  readonly timeoutMs?: number;
}

/** STS as the server uses it: one attempt a call, retries are decided by who calls. Rejects with what the SDK says. */
export interface Sts {
  /** Asks with the session's whole key. */
  readonly assumeRole: (session: Session) => Promise<Issued>;
  /** The server's own ARN. Every identity may ask for it. */
  readonly callerArn: () => Promise<string>;
  /** Ends open calls. */
  readonly close: () => void;
}

/** R1's arithmetic and a Pod's patience leave no room for longer. Milliseconds. */
const TIMEOUT_MS = 5_000;

/** As many as the budget lets be in flight. */
const MAX_SOCKETS = 100;

/** The server's own credentials are fetched anew at most so often when STS refuses them. Milliseconds. */
const REFRESH_PAUSE_MS = 10_000;

export function createSts(options: StsOptions): Sts {
  const { clock, timeoutMs = TIMEOUT_MS } = options;
  const handler = createStsRequestHandler({ timeoutMs, maxSockets: MAX_SOCKETS });
  const client = leanClient(options, handler);
  const refreshed = createRefresh(client, clock);

  /** One call, and a second one where STS refused the server's own credentials and there were newer ones to be had. */
  async function call<Answer>(send: () => Promise<Answer>): Promise<Answer> {
    const used = await ownCredentials(client);
    try {
      return await send();
    } catch (error) {
      if (classifyStsError(error).reason !== 'ServerCredentials') throw error;
      if ((await refreshed()) === used.accessKeyId) throw error;
      return send();
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
    close() {
      handler.destroy();
      client.destroy();
    },
  };
}

type RequestHandler = ReturnType<typeof createStsRequestHandler>;

/** client-sts without what costs CPU and says nothing here: measured, a quarter less for each call. */
function leanClient(options: StsOptions, requestHandler: RequestHandler): STSClient {
  const { region, endpoint, useFips = false, useDualstack = false, credentialProvider } = options;
  const client = new STSClient({
    region,
    useFipsEndpoint: useFips,
    useDualstackEndpoint: useDualstack,
    requestHandler,
    cacheMiddleware: true,
    ...(endpoint !== undefined && { endpoint }),
    ...(credentialProvider !== undefined && { credentials: credentialProvider }),
    // Neither waits nor repeats: back-off is the sessions' matter, and must not hold a place in the budget.
    retryStrategy: { mode: 'standard', retry: (next, args) => next(args) },
  });
  for (const name of ['loggerMiddleware', 'getUserAgentMiddleware', 'recursionDetectionMiddleware'])
    client.middlewareStack.remove(name);
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      answerDates.set(result.output, dateOf(result.response));
      return result;
    },
    { step: 'initialize', name: 'keepAnswerDate' },
  );
  return client;
}

/** When STS answered, by its own clock: the Date header. Milliseconds since the epoch. */
const answerDates = new WeakMap<object, number | undefined>();

function dateOf(response: unknown): number | undefined {
  const { headers } = response as { readonly headers?: Readonly<Record<string, string>> };
  const atMs = Date.parse(headers?.['date'] ?? '');
  return Number.isNaN(atMs) ? undefined : atMs;
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
    lifetimeMs: Math.min(askedMs, expiresAtMs - (answerDates.get(output) ?? clock.now())),
  };
}

/** The provider's own failures look like any error of STS, AccessDenied included: they get a name of their own. */
async function ownCredentials(client: STSClient, forceRefresh = false): Promise<{ accessKeyId: string }> {
  try {
    return await client.config.credentials({ forceRefresh });
  } catch (cause) {
    const { message } = classifyStsError(cause);
    throw Object.assign(new Error(message, { cause }), { name: 'CredentialsProviderError' });
  }
}

/** Fetches the server's own credentials past every cache, in a single flight; resolves to the key that holds now. */
function createRefresh(client: STSClient, clock: Clock): () => Promise<string> {
  let latest: { readonly atMs: number; readonly key: Promise<string> } | undefined;
  return () => {
    const now = clock.monotonic();
    if (latest === undefined || now - latest.atMs >= REFRESH_PAUSE_MS) {
      const key = ownCredentials(client, true).then(({ accessKeyId }) => accessKeyId);
      latest = { atMs: now, key };
    }
    return latest.key;
  };
}
