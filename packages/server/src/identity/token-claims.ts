import { record, textOf } from '@rolegate/runtime';

/** A projected token has a kB or two; nothing longer is looked at. Characters. */
export const LONGEST_TOKEN = 16 * 1024;

/**
 * The UID of the Pod that a ServiceAccount token says it is bound to; '' if it says none, or is no token. Nobody has verified it:
 * it decides in which queue the token waits, and nothing else.
 */
export function claimedPodUid(token: string): string {
  if (token.length > LONGEST_TOKEN) return '';
  const [, payload, signature] = token.split('.', 3);
  if (payload === undefined || signature === undefined) return '';
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return textOf(record(record(record(claims)['kubernetes.io'])['pod'])['uid']);
  } catch {
    return '';
  }
}
