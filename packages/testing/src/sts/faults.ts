import type { ServerResponse } from 'node:http';
import type { Fault } from './query.ts';

/** Errors of STS with their real HTTP codes and messages. */
export const stsFaults = {
  AccessDenied: fault(
    403,
    'User: arn:aws:sts::123456789012:assumed-role/server/i-0 is not authorized to perform: sts:AssumeRole',
  ),
  ValidationError: fault(400, '1 validation error detected'),
  MalformedPolicyDocument: fault(400, 'The policy is not in the valid JSON format.'),
  PackedPolicyTooLarge: fault(400, 'Packed size of session tags consumes 120% of allotted space.'),
  InvalidParameterValue: fault(400, 'An invalid or out-of-range value was supplied'),
  Throttling: fault(400, 'Rate exceeded'),
  ThrottlingException: fault(400, 'Rate exceeded'),
  RequestLimitExceeded: fault(503, 'Request limit exceeded.'),
  TooManyRequestsException: fault(429, 'Too many requests'),
  ExpiredToken: fault(403, 'The security token included in the request is expired'),
  ExpiredTokenException: fault(403, 'The security token included in the request is expired'),
  InvalidClientTokenId: fault(403, 'The security token included in the request is invalid.'),
  UnrecognizedClientException: fault(403, 'The security token included in the request is invalid.'),
  SignatureDoesNotMatch: fault(
    403,
    'The request signature we calculated does not match the signature you provided.',
  ),
  IncompleteSignature: fault(400, 'Authorization header requires Credential parameter.'),
  MissingAuthenticationToken: fault(403, 'Request is missing Authentication Token'),
  RegionDisabledException: fault(403, 'STS is not activated in this region for account:123456789012.'),
  InvalidIdentityToken: fault(400, 'No OpenIDConnect provider found in your account for this issuer'),
  InternalFailure: fault(500, 'The request processing has failed because of an unknown error'),
  ServiceUnavailable: fault(503, 'The request has failed due to a temporary failure of the server.'),
} as const satisfies Record<string, Omit<Fault, 'code'>>;

/** An error by its code, or a broken answer: `Garbage` is not XML, `Reset` cuts the connection. */
export type StsFaultName = keyof typeof stsFaults | 'Garbage' | 'Reset';

export interface FaultPlan {
  /** Fails the next `times` calls for the role, or for all roles. Without `times`, fails all. */
  readonly add: (target: string, name: StsFaultName, times: number) => void;
  /** Cancels the plan for the target. */
  readonly clear: (target: string) => void;
  /** Returns and counts the fault of the role's next call. */
  readonly next: (roleArn: string) => StsFaultName | undefined;
}

/** Faults of a role come before those of all roles. */
export function createFaultPlan(): FaultPlan {
  const planned = new Map<string, { name: StsFaultName; left: number }>();

  function take(target: string): StsFaultName | undefined {
    const one = planned.get(target);
    if (one === undefined) return undefined;
    one.left -= 1;
    if (one.left <= 0) planned.delete(target);
    return one.name;
  }

  return {
    add: (target, name, times) => {
      planned.set(target, { name, left: times });
    },
    clear: (target) => {
      planned.delete(target);
    },
    next: (roleArn) => take(roleArn) ?? take('all'),
  };
}

/** A bucket for one second's calls, refilled by the clock. Returns true if the call is too much. */
export function createThrottle(nowMs: () => number) {
  let ratePerSecond = Infinity;
  let tokens = Infinity;
  let filledAtMs = nowMs();
  return {
    limit: (rate: number) => {
      ratePerSecond = rate;
      tokens = rate;
      filledAtMs = nowMs();
    },
    exceeded(): boolean {
      if (ratePerSecond === Infinity) return false;
      const now = nowMs();
      tokens = Math.min(ratePerSecond, tokens + ((now - filledAtMs) / 1000) * ratePerSecond);
      filledAtMs = now;
      if (tokens < 1) return true;
      tokens -= 1;
      return false;
    },
  };
}

/** Where answers wait: for the latency, or while the service hangs. */
export function createGate(firstLatencyMs: number) {
  let latencyMs = firstLatencyMs;
  let hanging: Promise<void> | undefined;
  let release = (): void => undefined;
  let inFlight = 0;
  let most = 0;
  return {
    enter(response: ServerResponse): void {
      inFlight += 1;
      most = Math.max(most, inFlight);
      response.once('close', () => {
        inFlight -= 1;
      });
    },
    async pass(): Promise<void> {
      if (latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, latencyMs));
      await hanging;
    },
    mostInFlight: () => most,
    controls: {
      latency: (ms: number) => {
        latencyMs = ms;
      },
      hang: () => {
        hanging ??= new Promise((resolve) => {
          release = resolve;
        });
      },
      resume: () => {
        hanging = undefined;
        release();
      },
    },
  };
}

function fault(status: number, message: string): Omit<Fault, 'code'> {
  return { status, message };
}
