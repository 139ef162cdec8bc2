import { containerCredentials } from '@rolegate/protocol';
import type { HostPort } from '@rolegate/runtime';
import { requestFrom } from './request-from.ts';
import type { HttpAnswer } from './request-from.ts';

export interface TokenRequest {
  /** The source address. */
  readonly from: string;
  readonly endpoint: HostPort;
  /** The ServiceAccount token that is shown. */
  readonly token: string;
}

/** Asks for container credentials as an SDK does. */
export function credentialsByToken({ from, endpoint, token }: TokenRequest): Promise<HttpAnswer> {
  return requestFrom(from, {
    ...endpoint,
    path: containerCredentials.path,
    headers: { authorization: token },
  });
}

/** What the chart's policy adds to a Pod, on loopback. */
export function tokenEnvironment({ endpoint, tokenFile }: { endpoint: HostPort; tokenFile: string }) {
  return {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://${endpoint.host}:${endpoint.port}${containerCredentials.path}`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile,
  };
}
