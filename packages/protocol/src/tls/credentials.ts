import type { SecureServerOptions } from 'node:http2';
import { createSecureContext } from 'node:tls';
import type { SecureContextOptions } from 'node:tls';
import { ChannelCredentials, ServerCredentials } from '@grpc/grpc-js';
import type { TlsMaterial } from './files.ts';
import type { TlsSource } from './source.ts';

// The only file that knows what of grpc-js 1.14 is not promised: ServerCredentials.updateSecureContextOptions and
// ChannelCredentials._createSecureConnector. Its own certificate providers are not used: they cannot set minVersion.

/** Who has not shaken hands by then speaks no TLS: Node's own patience is two minutes. Milliseconds. */
const HANDSHAKE_WITHIN_MS = 10_000;

/**
 * Required: without a certificate that verifies there is no connection. Asked: one that does not verify comes in as if there
 * were none, and calls must see to it themselves. None: nobody is asked.
 */
export type ClientCertificate = 'required' | 'asked' | 'none';

export interface ServerCredentialsOptions {
  readonly clientCertificate?: ClientCertificate;
  readonly handshakeWithinMs?: number;
  /** What grpc-js has no option for: bounds of each connection's HTTP/2 session. */
  readonly http2?: SecureServerOptions;
}

/** Credentials of a server: TLS 1.3, and by default a client certificate. New connections use the latest files; open streams live on. */
export function createServerCredentials(
  source: Pick<TlsSource, 'current' | 'onChange'>,
  {
    clientCertificate = 'required',
    handshakeWithinMs: handshakeTimeout = HANDSHAKE_WITHIN_MS,
    http2 = {},
  }: ServerCredentialsOptions = {},
): ServerCredentials {
  return new ReloadingServerCredentials(source, {
    ...http2,
    requestCert: clientCertificate !== 'none',
    rejectUnauthorized: clientCertificate === 'required',
    handshakeTimeout,
  });
}

/** What a client trusts, and what it shows: nothing where it has no certificate yet. */
export type ClientTls = Pick<TlsMaterial, 'ca'> & Partial<Pick<TlsMaterial, 'cert' | 'key'>>;

/**
 * Credentials of a client: TLS 1.3, the server verified, the own certificate shown where there is one; each new connection
 * uses the latest. What `current` gives must be another object when it has changed.
 */
export function createClientCredentials(source: { readonly current: () => ClientTls }): ChannelCredentials {
  return new ReloadingChannelCredentials(source);
}

class ReloadingServerCredentials extends ServerCredentials {
  constructor(source: Pick<TlsSource, 'current' | 'onChange'>, options: SecureServerOptions) {
    super(options, contextOptions(source.current()));
    source.onChange((material) => {
      this.updateSecureContextOptions(contextOptions(material));
    });
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

class ReloadingChannelCredentials extends ChannelCredentials {
  readonly #source: { readonly current: () => ClientTls };
  #made: { of: ClientTls; credentials: ChannelCredentials } | undefined;

  constructor(source: { readonly current: () => ClientTls }) {
    super();
    this.#source = source;
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  /** Asked for once per subchannel, which then connects many times: the files are looked at in each connect. */
  override _createSecureConnector(
    ...[target, options, callCredentials]: Parameters<ChannelCredentials['_createSecureConnector']>
  ): ReturnType<ChannelCredentials['_createSecureConnector']> {
    const latest = () => this.#latest()._createSecureConnector(target, options, callCredentials);
    const first = latest();
    return {
      connect: (socket) => latest().connect(socket),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => first.getCallCredentials(),
      destroy() {
        // Nothing is held.
      },
    };
  }

  #latest(): ChannelCredentials {
    const material = this.#source.current();
    if (this.#made?.of !== material) {
      const context = createSecureContext(contextOptions(material));
      this.#made = { of: material, credentials: ChannelCredentials.createFromSecureContext(context) };
    }
    return this.#made.credentials;
  }
}

function contextOptions({ cert, key, ca }: ClientTls): SecureContextOptions {
  return { cert, key, ca, minVersion: 'TLSv1.3' };
}
