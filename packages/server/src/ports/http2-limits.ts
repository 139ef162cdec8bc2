import type { SecureServerOptions } from 'node:http2';

/** Unfinished handshakes end after this (DESIGN.md 4.11). Milliseconds. */
const HANDSHAKE_WITHIN_MS = 3_000;

/**
 * What both ports allow one HTTP/2 session beside its calls. nghttp2 has more of its own: a thousand unread acknowledgements,
 * eight CONTINUATION frames of a head.
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

/** Of a connection to 9610. An agent's token may go with each call, up to 16 KiB. */
const FEED_SESSION: SecureServerOptions = {
  ...FLOODS,
  // In MB: it counts what waits to be sent to a slow reader, a snapshot of a full node among it.
  maxSessionMemory: 32,
  settings: { maxConcurrentStreams: MOST_CALLS, maxHeaderListSize: 32 * 1024 },
};

/** Of a connection to 9611: an agent makes one call. */
const ATTEST_SESSION: SecureServerOptions = {
  ...FLOODS,
  maxSessionMemory: 1,
  settings: { maxConcurrentStreams: 2, maxHeaderListSize: 8 * 1024, initialWindowSize: 32 * 1024 },
};

/** How the feed's port takes connections. */
export const FEED_PORT = {
  clientCertificate: 'required',
  handshakeWithinMs: HANDSHAKE_WITHIN_MS,
  http2: FEED_SESSION,
} as const;

/** How the attestation port takes them. */
export const ATTEST_PORT = {
  clientCertificate: 'none',
  handshakeWithinMs: HANDSHAKE_WITHIN_MS,
  http2: ATTEST_SESSION,
} as const;
