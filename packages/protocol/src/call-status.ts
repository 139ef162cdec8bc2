import { reasons, Refusal } from './reasons.ts';

/** What a call ends with; anything but a Refusal is a fault of ours. */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  return new Refusal('ServerUnavailable', 'the server failed on this request', { cause: error });
}

/** The details begin with the reason: a metric label and a log field on the other side. */
export function asStatus({ reason, message }: Refusal) {
  return { code: reasons[reason].grpc, details: `${reason}: ${message}` };
}
