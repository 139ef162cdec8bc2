import { Metadata } from '@grpc/grpc-js';
import { watchTlsFiles } from '@rolegate/protocol';
import type { Clock, Log } from '@rolegate/runtime';
import type { TlsOfFiles } from '../config/config.ts';
import type { Identity } from './identity.ts';
import { readToken } from './token-file.ts';

/** The metadata key that servers expect. */
const TOKEN_KEY = 'rolegate-token';

export interface FilesIdentityDeps {
  readonly tls: TlsOfFiles;
  readonly clock: Clock;
  readonly log: Log;
}

/** A user-provided certificate, with the token, if any, sent with each call. Throws a TlsFault if the files are invalid. */
export function createFilesIdentity(
  { tls: { certFile: cert, keyFile: key, caFile: ca, tokenFile }, clock, log }: FilesIdentityDeps,
  signal: AbortSignal,
): Identity {
  const tls = watchTlsFiles({ files: { cert, key, ca }, purpose: 'client', clock, log, signal });
  return {
    tls,
    callMetadata() {
      const metadata = new Metadata();
      if (tokenFile !== undefined) metadata.set(TOKEN_KEY, readToken(tokenFile));
      return metadata;
    },
    first: Promise.resolve(),
    secondsLeft: tls.secondsLeft,
    kept: () => undefined,
    check: {
      name: 'certificate',
      informative: true,
      ready: () => tls.secondsLeft().certificate > 0 || `--cert ${cert} has expired: renew it`,
    },
    services: [],
  };
}
