import { createSecureContext } from 'node:tls';
import type { SecureContextOptions } from 'node:tls';
import { ChannelCredentials, ServerCredentials } from '@grpc/grpc-js';
import type { TlsMaterial } from './tls-files.ts';
import type { TlsSource } from './tls-source.ts';

// The only file that knows what of grpc-js 1.14 is not promised: ServerCredentials.updateSecureContextOptions and
// ChannelCredentials._createSecureConnector. Its own certificate providers are not used: they cannot set minVersion.

/**
 * Credentials of a server: TLS 1.3, a client certificate demanded and verified. New connections use the latest files; open
 * streams live on.
 */
export function createServerCredentials(source: TlsSource): ServerCredentials {
  return new ReloadingServerCredentials(source);
}

/** Credentials of a client: TLS 1.3, the server verified, the own certificate shown; each new connection uses the latest files. */
export function createClientCredentials(source: TlsSource): ChannelCredentials {
  return new ReloadingChannelCredentials(source);
}

class ReloadingServerCredentials extends ServerCredentials {
  constructor(source: TlsSource) {
    super({ requestCert: true, rejectUnauthorized: true }, contextOptions(source.current()));
    source.onChange((material) => {
      this.updateSecureContextOptions(contextOptions(material));
    });
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

class ReloadingChannelCredentials extends ChannelCredentials {
  readonly #source: TlsSource;
  #made: { of: TlsMaterial; credentials: ChannelCredentials } | undefined;

  constructor(source: TlsSource) {
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

function contextOptions({ cert, key, ca }: TlsMaterial): SecureContextOptions {
  return { cert, key, ca, minVersion: 'TLSv1.3' };
}
