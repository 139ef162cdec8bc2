/** The used fields of a Status object (Kubernetes API conventions, "Response Status Kind"). */
export interface ApiErrorFields {
  readonly code: number;
  /** Status.reason, e.g. Expired; '' if unset. */
  readonly reason: string;
  /** How long the API server asks to wait. Milliseconds. */
  readonly retryAfterMs?: number;
}

/** The API server answered with an error. Never leaves this folder. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly reason: string;
  readonly retryAfterMs: number;

  constructor(message: string, { code, reason, retryAfterMs = 0 }: ApiErrorFields) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Nothing was received for too long; the connection may be dead. Never leaves this folder. */
export class IdleTimeoutError extends Error {
  override readonly name = 'IdleTimeoutError';
}

/** The response was not complete within its total time. Never leaves this folder. */
export class OverdueError extends Error {
  override readonly name = 'OverdueError';
}

/** The API server has an older resourceVersion than the store, because etcd was restored. Never leaves this folder. */
export class OlderVersionError extends Error {
  override readonly name = 'OlderVersionError';
}

/** Converts a Status object, or whatever the body was. */
export function toApiError(
  what: string,
  {
    code,
    status,
    retryAfterSeconds,
  }: { code: number; status: unknown; retryAfterSeconds?: string | undefined },
): ApiError {
  const { message, reason, code: statusCode, details } = asStatus(status);
  const effective = typeof statusCode === 'number' ? statusCode : code;
  const seconds = Number(retryAfterSeconds ?? asRecord(details)['retryAfterSeconds'] ?? 0);
  const words = typeof message === 'string' ? message.slice(0, 1000) : 'no reason given';
  return new ApiError(`${what}: ${effective} ${words}${hintOf(effective, what)}`, {
    code: effective,
    reason: typeof reason === 'string' ? reason : '',
    ...(Number.isFinite(seconds) && seconds > 0 ? { retryAfterMs: seconds * 1000 } : {}),
  });
}

function hintOf(code: number, what: string): string {
  if (code === 401) return '; the credentials are not accepted: check the token or the kubeconfig';
  if (code !== 403) return '';
  // Secrets and ConfigMaps are read in one Namespace; everything else is cluster-wide.
  const role = /^\w+ \w+\/|^create (?:secrets|configmaps)$/.test(what) ? 'Role' : 'ClusterRole';
  return `; grant the server's ServiceAccount the right to ${what} with a ${role}`;
}

function asStatus(status: unknown): Record<string, unknown> {
  return typeof status === 'string' ? { message: status } : asRecord(status);
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
