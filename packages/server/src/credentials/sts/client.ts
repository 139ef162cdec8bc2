import { STSClient } from '@aws-sdk/client-sts';
import type { STSClientConfig } from '@aws-sdk/client-sts';
import { createDefaultCredentials } from './default-credentials.ts';
import type { createStsRequestHandler } from './request-handler.ts';

export interface StsClientOptions {
  /** The endpoint is always the region's. */
  readonly region: string;
  /** Overrides the region's endpoint, e.g. for PrivateLink. */
  readonly endpoint?: string;
  readonly useFips?: boolean;
  readonly useDualstack?: boolean;
  /** The server's own credentials. Defaults to the SDK's default chain. */
  readonly credentialProvider?: NonNullable<STSClientConfig['credentials']>;
}

type RequestHandler = ReturnType<typeof createStsRequestHandler>;

/** client-sts without middleware that is not needed here: this saves a quarter of the CPU of each call (measured). */
export function createStsClient(options: StsClientOptions, requestHandler: RequestHandler): STSClient {
  const { credentialProvider } = options;
  const where = { ...endpointOf(options), requestHandler };
  const client = new STSClient({
    ...where,
    cacheMiddleware: true,
    credentials: credentialProvider ?? createDefaultCredentials(where),
    // No retries: sessions back off by themselves, and must not occupy the budget while they wait.
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

/** The Date header of STS's response. Milliseconds since the epoch. */
export function answerDateMs(output: object): number | undefined {
  return answerDates.get(output);
}

const answerDates = new WeakMap<object, number | undefined>();

function dateOf(response: unknown): number | undefined {
  const { headers } = response as { readonly headers?: Readonly<Record<string, string>> };
  const atMs = Date.parse(headers?.['date'] ?? '');
  return Number.isNaN(atMs) ? undefined : atMs;
}

function endpointOf({ region, endpoint, useFips = false, useDualstack = false }: StsClientOptions) {
  return {
    region,
    useFipsEndpoint: useFips,
    useDualstackEndpoint: useDualstack,
    ...(endpoint !== undefined && { endpoint }),
  };
}
