import type { Reason } from '@rolegate/protocol';

/** soon: STS is expected back. later: a problem of the server itself. seldom: STS refused, and IAM changes take minutes. */
export type RetryClass = 'soon' | 'later' | 'seldom';

/** The possible reasons of a failed STS call. */
export const stsReasons = [
  'StsAccessDenied',
  'StsInvalidRequest',
  'StsThrottled',
  'StsUnavailable',
  'StsRegionDisabled',
  'ServerCredentials',
] as const satisfies readonly Reason[];
export type StsReason = (typeof stsReasons)[number];

/** A classified failure of an STS call. */
export interface StsFault {
  readonly reason: StsReason;
  readonly retry: RetryClass;
  /** AWS's code, or the system's; '' if there is none. */
  readonly code: string;
  /** For the operator, with the code and AWS's request ID; contains no secrets. */
  readonly message: string;
  /** STS rejected DurationSeconds as too long for role chaining or for this role. */
  readonly durationTooLong: boolean;
}

/** Longer texts are cut: AccessDenied can contain kilobytes of an encoded message. Characters. */
const LONGEST_TEXT = 400;

const retryOf: Record<StsReason, RetryClass> = {
  StsAccessDenied: 'seldom',
  StsInvalidRequest: 'seldom',
  StsThrottled: 'soon',
  StsUnavailable: 'soon',
  StsRegionDisabled: 'later',
  ServerCredentials: 'later',
};

/** STS API reference: AssumeRole and common errors. Codes are listed without the suffix "Exception". */
const reasonOfCode = new Map<string, StsReason>([
  ...codes('StsAccessDenied', 'AccessDenied', 'NotAuthorized'),
  ...codes(
    'StsInvalidRequest',
    'ValidationError',
    'Validation',
    'MalformedPolicyDocument',
    'PackedPolicyTooLarge',
    'InvalidParameter',
    'InvalidParameterValue',
    'InvalidParameterCombination',
    'MissingParameter',
    'MalformedInput',
  ),
  ...codes(
    'StsThrottled',
    'Throttling',
    'Throttled',
    'ThrottledException',
    'RequestThrottled',
    'RequestLimitExceeded',
    'TooManyRequests',
    'SlowDown',
  ),
  ...codes(
    'ServerCredentials',
    'ExpiredToken',
    'InvalidClientTokenId',
    'UnrecognizedClient',
    'SignatureDoesNotMatch',
    'InvalidSignature',
    'IncompleteSignature',
    'MissingAuthenticationToken',
    'InvalidAccessKeyId',
    'AuthFailure',
    'RequestExpired',
    'RequestTimeTooSkewed',
    'OptInRequired',
    'CredentialsProviderError',
    'TokenProviderError',
    'InvalidIdentityToken',
  ),
  ...codes('StsRegionDisabled', 'RegionDisabled'),
]);

const TOO_LONG = /DurationSeconds exceeds|MaxSessionDuration|1 hour session limit/i;

/** Classifies any error of an STS call. */
export function classifyStsError(error: unknown): StsFault {
  const { name, message, code: systemCode, $metadata = {} } = asRecord(error);
  const { httpStatusCode, requestId } = asRecord($metadata);
  const code = textOf(systemCode) || textOf(name);
  const status = typeof httpStatusCode === 'number' ? httpStatusCode : 0;
  const reason = reasonOf(textOf(name), status);
  const parts = [textOf(name), systemCode === undefined ? '' : textOf(systemCode)].filter(
    (part) => part !== '',
  );
  return {
    reason,
    retry: retryOf[reason],
    code,
    message: describe(parts.join(' '), textOf(message), textOf(requestId)),
    durationTooLong: reason === 'StsInvalidRequest' && TOO_LONG.test(textOf(message)),
  };
}

/** A copy of the error with the hint appended to its message. */
export function withHint(error: unknown, hint: string): Error {
  const { name, code, $metadata, message } = asRecord(error);
  const cut = firstLineOf(textOf(message)).slice(0, LONGEST_TEXT - hint.length - 2);
  return Object.assign(new Error(`${cut}; ${hint}`, { cause: error }), {
    name,
    $metadata,
    ...(code !== undefined && { code }),
  });
}

function reasonOf(name: string, status: number): StsReason {
  const known = reasonOfCode.get(name) ?? reasonOfCode.get(name.replace(/Exception$/, ''));
  if (known !== undefined) return known;
  if (status === 429) return 'StsThrottled';
  // Anything else, unknown refusals included, is treated as STS being unavailable: a Pod is not blamed for an unknown error.
  return 'StsUnavailable';
}

function describe(code: string, text: string, requestId: string): string {
  const cut = firstLineOf(text).slice(0, LONGEST_TEXT);
  const described = [code, cut].filter((part) => part !== '').join(': ');
  return requestId === '' ? described : `${described} (request ${requestId})`;
}

/** The error for a rejected signature contains the signed request, session token included, on later lines. */
function firstLineOf(text: string): string {
  const [line = ''] = text.split(/[\r\n]|canonical string/i);
  return line.trim();
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)
    : { message: value };
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function codes(reason: StsReason, ...names: readonly string[]): (readonly [string, StsReason])[] {
  return names.map((name) => [name, reason] as const);
}
