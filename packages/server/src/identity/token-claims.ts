import { record, textOf } from '@rolegate/runtime';

/** What a ServiceAccount token says about itself; '' for what it does not say. Nothing is verified. */
export interface TokenClaims {
  /** The `kid` of its header. */
  readonly keyId: string;
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** `system:serviceaccount:<namespace>:<name>` */
  readonly subject: string;
  readonly podUid: string;
  readonly podName: string;
  readonly nodeName: string;
}

/** Reads the claims of a token without verifying it; undefined if it is not a token, or longer than this. Never throws. */
export function unverifiedClaims(token: string, longest: number): TokenClaims | undefined {
  if (token.length > longest) return undefined;
  const [head, payload, signature] = token.split('.', 3);
  if (head === undefined || payload === undefined || signature === undefined) return undefined;
  try {
    const { iss, aud, sub, 'kubernetes.io': bound } = parsePart(payload);
    const { pod, node } = record(bound);
    return {
      keyId: textOf(parsePart(head)['kid']),
      issuer: textOf(iss),
      audiences: (Array.isArray(aud) ? aud : [aud]).map(textOf),
      subject: textOf(sub),
      podUid: textOf(record(pod)['uid']),
      podName: textOf(record(pod)['name']),
      nodeName: textOf(record(node)['name']),
    };
  } catch {
    return undefined;
  }
}

function parsePart(part: string): Readonly<Record<string, unknown>> {
  return record(JSON.parse(Buffer.from(part, 'base64url').toString()));
}
