import { readFileSync } from 'node:fs';
import { record, textOf } from '@rolegate/runtime';
import { isIssuer } from './documents.ts';

/** The ServiceAccount token of the server's Pod, written by kubelet (Kubernetes, "Accessing the Kubernetes API from a Pod"). */
const OWN_TOKEN_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** What the server's own token says about the API server. */
export interface OwnToken {
  readonly issuer: string;
  /** The API server accepts at least these. */
  readonly audiences: readonly string[];
}

/** Reads the claims of a local token, which need not be verified. Undefined if there is none. */
export function readOwnToken(file: string = OWN_TOKEN_FILE): OwnToken | undefined {
  try {
    const [, payload = ''] = readFileSync(file, 'utf8').split('.');
    const { iss, aud } = record(JSON.parse(Buffer.from(payload, 'base64url').toString()));
    const issuer = textOf(iss);
    if (!isIssuer(issuer)) return undefined;
    return { issuer, audiences: (Array.isArray(aud) ? aud : [aud]).map(textOf).filter(isIssuer) };
  } catch {
    return undefined; // Not in a Pod, or a token of another kind.
  }
}
