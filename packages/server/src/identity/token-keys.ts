import { hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { TokenKeys } from '@rolegate/protocol';
import type { Log } from '@rolegate/runtime';

/** A metadata token lives at most 6 h (EC2 user guide, IMDSv2), so the previous key's tokens have expired when this key's period ends. */
export const KEY_PERIOD_MS = 6 * 60 * 60 * 1000;

/** At least as long as the digest that signs the tokens. Bytes. */
export const SECRET_BYTES = 32;

/**
 * The two valid keys of a node's metadata tokens: that of the current period, which signs, and the previous one. All replicas
 * with the same secret derive the same keys; no node can derive another's.
 */
export function tokenKeysOf(node: string, secret: Buffer, nowMs: number): TokenKeys {
  const period = Math.floor(nowMs / KEY_PERIOD_MS);
  return { keys: [keyOf(node, secret, period), keyOf(node, secret, period - 1)] };
}

/** Milliseconds until tokenKeysOf returns new keys. */
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

/** The secret from which the nodes' token keys are derived. Throws if the file is unreadable or too short. */
export function readTokenSecret({ path, log, randomBytes }: TokenSecretOptions): Buffer {
  if (path === undefined) {
    log.warn('token secret is random and not shared with other replicas', {
      hint: 'Metadata tokens become invalid when an agent connects to another replica or the server restarts; SDKs then request new ones. Set --token-secret-file to the same secret on every replica.',
    });
    return randomBytes(SECRET_BYTES);
  }
  const secret = readFileSync(path);
  if (secret.length >= SECRET_BYTES) return secret;
  throw new Error(`${path} has ${secret.length} bytes; at least ${SECRET_BYTES} are needed`);
}
