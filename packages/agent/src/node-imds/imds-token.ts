import type { Clock } from '@rolegate/runtime';
import type { ImdsRequest, ImdsResponse } from './imds-requests.ts';

export interface ImdsTokenDeps {
  readonly ask: (request: ImdsRequest) => Promise<ImdsResponse>;
  readonly clock: Clock;
}

/** The longest lifetime that IMDS grants. Seconds. */
const TTL_SECONDS = 21_600;
/** Renewed when this fraction of its lifetime is left. */
const RENEW_LEFT = 0.1;
const TTL_HEADER = 'x-aws-ec2-metadata-token-ttl-seconds';

/** The agent's own IMDSv2 token: fetched on first use, once for all waiting requests. */
export function createImdsToken({ ask, clock }: ImdsTokenDeps) {
  let held: { readonly token: string; readonly renewAtMs: number } | undefined;
  let flight: Promise<string> | undefined;

  async function fetchToken(deadlineMs: number): Promise<string> {
    const headers = { [TTL_HEADER]: String(TTL_SECONDS), 'content-length': '0' };
    const startMs = clock.monotonic();
    const {
      status,
      headers: answered,
      body,
    } = await ask({
      method: 'PUT',
      path: '/latest/api/token',
      headers,
      deadlineMs,
    });
    // Without a token no request is sent: the operator may have disabled IMDSv1.
    if (status !== 200) throw new Error(`the token was refused with status ${status}`);
    if (!/^[\x21-\x7e]{1,4096}$/.test(body)) throw new Error('the token is not a valid header value');
    held = { token: body, renewAtMs: startMs + lifeMs(answered[TTL_HEADER]) * (1 - RENEW_LEFT) };
    return body;
  }

  return {
    async current(deadlineMs: number): Promise<string> {
      if (held !== undefined && clock.monotonic() < held.renewAtMs) return held.token;
      flight ??= fetchToken(deadlineMs).finally(() => {
        flight = undefined;
      });
      return flight;
    },
    /** After a 401: the next read fetches a new token, unless that has already been done. */
    drop(token: string): void {
      if (held?.token === token) held = undefined;
    },
  };
}

function lifeMs(granted: string | string[] | undefined): number {
  const seconds = typeof granted === 'string' && /^\d{1,5}$/.test(granted) ? Number(granted) : TTL_SECONDS;
  return Math.min(seconds, TTL_SECONDS) * 1000;
}
