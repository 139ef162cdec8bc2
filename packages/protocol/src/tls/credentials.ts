import type { SecureServerOptions } from 'node:http2';
import type { Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { SecureContextOptions } from 'node:tls';
import { ChannelCredentials, ServerCredentials } from '@grpc/grpc-js';
import type { TlsMaterial } from './files.ts';
import type { TlsSource } from './source.ts';

// The only file that relies on grpc-js 1.14 internals: ServerCredentials.updateSecureContextOptions and
// ChannelCredentials._createSecureConnector. Its certificate providers are not used because they cannot set minVersion.

/**
 * A client that has not completed the handshake by then is disconnected. Node's default is two minutes. Milliseconds.
 */
const HANDSHAKE_WITHIN_MS = 10_000;
/** For a closed client to tell its server. Milliseconds. */
const DISCONNECTS_WITHIN_MS = 1_000;
const CLOSED = 'the client is closed';

/**
 * required: a connection needs a certificate that verifies. asked: a certificate that does not verify counts as none,
 * and calls must check it. none: no certificate is requested.
 */
export type ClientCertificate = 'required' | 'asked' | 'none';

export interface ServerCredentialsOptions {
  readonly clientCertificate?: ClientCertificate;
  readonly handshakeWithinMs?: number;
  /** Options that grpc-js does not have: limits of each connection's HTTP/2 session. */
  readonly http2?: SecureServerOptions;
}

/**
 * Credentials of a server: TLS 1.3 and, by default, a client certificate. New connections use the latest files; open
 * streams continue.
 */
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

/** What a client trusts and presents. It presents nothing while it has no certificate. */
export type ClientTls = Pick<TlsMaterial, 'ca'> & Partial<Pick<TlsMaterial, 'cert' | 'key'>>;

/**
 * Credentials of a client: TLS 1.3, the server verified, and its own certificate presented if it has one. Each new
 * connection uses the latest. `current` must return another object after a change.
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

  /** Called once per subchannel, which then connects many times, so each connect reads the current files. */
  override _createSecureConnector(
    ...[target, options, callCredentials]: Parameters<ChannelCredentials['_createSecureConnector']>
  ): ReturnType<ChannelCredentials['_createSecureConnector']> {
    const latest = () => this.#latest()._createSecureConnector(target, options, callCredentials);
    const first = latest();
    const connections = createConnections();
    return {
      connect: (socket) =>
        connections.add(socket) ? latest().connect(socket) : Promise.reject(new Error(CLOSED)),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => first.getCallCredentials(),
      destroy() {
        connections.close();
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

/**
 * The connections of a client. When it is closed, grpc-js 1.14 keeps those whose server does not answer the handshake or does not
 * disconnect, and connects once more if the last attempt has failed.
 */
function createConnections() {
  const open = new Set<Socket>();
  let isClosed = false;
  return {
    /** False: the client is closed. */
    add(socket: Socket): boolean {
      if (isClosed) return false;
      open.add(socket);
      socket.once('close', () => open.delete(socket));
      return true;
    },
    close(): void {
      isClosed = true;
      for (const socket of open) socket.setTimeout(DISCONNECTS_WITHIN_MS, () => socket.destroy());
    },
  };
}

function contextOptions({ cert, key, ca }: ClientTls): SecureContextOptions {
  return { cert, key, ca, minVersion: 'TLSv1.3' };
}
