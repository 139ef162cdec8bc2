import { readFileSync } from 'node:fs';
import type { Log } from '@rolegate/runtime';
import { SECRET_BYTES } from './token-keys.ts';

export interface TokenSecretOptions {
  readonly path: string | undefined;
  readonly log: Log;
  readonly randomBytes: (size: number) => Buffer;
}

/** What the nodes' token keys are derived from. Throws where the file cannot be read or holds too little. */
export function readTokenSecret({ path, log, randomBytes }: TokenSecretOptions): Buffer {
  if (path === undefined) {
    log.warn('no --token-secret-file: this server signs metadata tokens with keys that no other replica has');
    return randomBytes(SECRET_BYTES);
  }
  const secret = readFileSync(path);
  if (secret.length >= SECRET_BYTES) return secret;
  throw new Error(`${path} holds ${secret.length} bytes: a secret of at least ${SECRET_BYTES} is needed`);
}
