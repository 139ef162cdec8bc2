import type { SecureServerOptions } from 'node:http2';

/** Unfinished handshakes are closed after this time (DESIGN.md 4.11). Milliseconds. */
const HANDSHAKE_WITHIN_MS = 3_000;

/**
 * Limits of an HTTP/2 session on both ports. nghttp2 has further limits of its own: 1,000 unread acknowledgements, and eight
 * CONTINUATION frames of a head.
 */
const FLOODS: SecureServerOptions = {
  maxSessionInvalidFrames: 100,
  maxSessionRejectedStreams: 100,
  maxSettings: 16,
  streamResetBurst: 100,
  streamResetRate: 10,
  unknownProtocolTimeout: 0,
};

/** A feed, the next one, and `Resolve` for Pods that start together. */
const MOST_CALLS = 64;

/** For connections to 9610. Each call can carry an agent's token of up to 16 KiB. */
const FEED_SESSION: SecureServerOptions = {
  ...FLOODS,
  // In MB. Includes what waits for a slow reader, such as the snapshot of a full node.
  maxSessionMemory: 32,
  settings: { maxConcurrentStreams: MOST_CALLS, maxHeaderListSize: 32 * 1024 },
};

/** For connections to 9611; an agent makes one call. */
const ATTEST_SESSION: SecureServerOptions = {
  ...FLOODS,
  maxSessionMemory: 1,
  settings: { maxConcurrentStreams: 2, maxHeaderListSize: 8 * 1024, initialWindowSize: 32 * 1024 },
};

/** TLS and HTTP/2 settings of the feed's port. */
export const FEED_PORT = {
  clientCertificate: 'required',
  handshakeWithinMs: HANDSHAKE_WITHIN_MS,
  http2: FEED_SESSION,
} as const;

/** TLS and HTTP/2 settings of the attestation port. */
export const ATTEST_PORT = {
  clientCertificate: 'none',
  handshakeWithinMs: HANDSHAKE_WITHIN_MS,
  http2: ATTEST_SESSION,
} as const;
