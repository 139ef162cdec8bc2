import { hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { TokenKeys } from '@rolegate/protocol';
import type { Log } from '@rolegate/runtime';

/** A metadata token lives at most 6 h (the EC2 user guide on IMDSv2), so the last key's tokens end with this key's time. */
export const KEY_PERIOD_MS = 6 * 60 * 60 * 1000;

/** At least as long as the digest that the tokens are signed with. Bytes. */
export const SECRET_BYTES = 32;

/**
 * The two live keys of a node's metadata tokens: the period's, which signs, and the one before. All replicas that share
 * the secret derive the same, and no node can derive another's.
 */
export function tokenKeysOf(node: string, secret: Buffer, nowMs: number): TokenKeys {
  const period = Math.floor(nowMs / KEY_PERIOD_MS);
  return { keys: [keyOf(node, secret, period), keyOf(node, secret, period - 1)] };
}

/** Milliseconds until tokenKeysOf gives others. */
export function keysChangeInMs(nowMs: number): number {
  return KEY_PERIOD_MS - (nowMs % KEY_PERIOD_MS);
}

function keyOf(node: string, secret: Buffer, period: number) {
  const derived = hkdfSync('sha256', secret, '', `rolegate metadata token\n${node}\n${period}`, SECRET_BYTES);
  return { id: String(period), secret: Buffer.from(derived) };
}

export interface TokenSecretOptions {
  readonly path: string | undefined;
  readonly log: Log;
  readonly randomBytes: (size: number) => Buffer;
}

/** What the nodes' token keys are derived from. Throws where the file cannot be read or holds too little. */
export function readTokenSecret({ path, log, randomBytes }: TokenSecretOptions): Buffer {
  if (path === undefined) {
    log.warn('token secret is random and not shared with other replicas', {
      hint: 'set --token-secret-file to the same secret on every replica; otherwise tokens end when an agent reconnects',
    });
    return randomBytes(SECRET_BYTES);
  }
  const secret = readFileSync(path);
  if (secret.length >= SECRET_BYTES) return secret;
  throw new Error(`${path} holds ${secret.length} bytes: a secret of at least ${SECRET_BYTES} is needed`);
}
