/** Of a Status object (Kubernetes API conventions, "Response Status Kind") what decides how we go on. */
export interface ApiErrorFields {
  readonly code: number;
  /** Status.reason, e.g. Expired; '' when there is none. */
  readonly reason: string;
  /** How long the server asks us to wait. Milliseconds. */
  readonly retryAfterMs?: number;
}

/** The API server has answered, and the answer is no. Never leaves this folder. */
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

/** Nothing came for too long: the peer may be gone without a word. Never leaves this folder. */
export class IdleTimeoutError extends Error {
  override readonly name = 'IdleTimeoutError';
}

/** The answer was not over in the time that it may take, whether or not something came. Never leaves this folder. */
export class OverdueError extends Error {
  override readonly name = 'OverdueError';
}

/** The API server is at an older resourceVersion than we are: etcd was restored. Never leaves this folder. */
export class OlderVersionError extends Error {
  override readonly name = 'OlderVersionError';
}

/** Reads a Status object, or whatever came in its place. */
export function toApiError(
  what: string,
  {
    code,
    status,
    retryAfterSeconds,
  }: { code: number; status: unknown; retryAfterSeconds?: string | undefined },
): ApiError {
  const { message, reason, code: said, details } = asStatus(status);
  const effective = typeof said === 'number' ? said : code;
  const seconds = Number(retryAfterSeconds ?? asRecord(details)['retryAfterSeconds'] ?? 0);
  const words = typeof message === 'string' ? message.slice(0, 1000) : 'no reason given';
  return new ApiError(`${what}: ${effective} ${words}${remedy(effective, what)}`, {
    code: effective,
    reason: typeof reason === 'string' ? reason : '',
    ...(Number.isFinite(seconds) && seconds > 0 ? { retryAfterMs: seconds * 1000 } : {}),
  });
}

function remedy(code: number, what: string): string {
  if (code === 401) return '; the credentials are not accepted: check the token or the kubeconfig';
  if (code !== 403) return '';
  // Secrets and ConfigMaps are of one Namespace; what is watched is of all.
  const role = /\/|^create (?:secrets|configmaps)$/.test(what) ? 'Role' : 'ClusterRole';
  return `; give the server's ServiceAccount the right to ${what} by a ${role}`;
}

function asStatus(status: unknown): Record<string, unknown> {
  return typeof status === 'string' ? { message: status } : asRecord(status);
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
