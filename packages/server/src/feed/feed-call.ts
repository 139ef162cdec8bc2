import { constants } from 'node:http2';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { asStatus, http2StreamOf } from '@rolegate/protocol';
import type { FeedUpdate, Refusal } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';

/** A Feed call; its reports are unparsed bytes. */
export type FeedCall = ServerDuplexStream<Buffer, FeedUpdate>;

/** How long a client can take to read the error that ended its call. Milliseconds. */
const ERROR_READ_WITHIN_MS = 1_000;

/** gRPC, status codes. */
const RESOURCE_EXHAUSTED = '8';

export function endCall(call: FeedCall, error?: Refusal): void {
  if (error === undefined) call.end();
  else call.emit('error', asStatus(error));
}

/**
 * Closes a call's HTTP/2 stream soon after the call has ended. Otherwise a client that does not read or keeps sending would
 * keep the stream open, and with it a partial message in memory.
 */
export function freeWhenOver(call: FeedCall, clock: Pick<Clock, 'schedule'>): void {
  const stream = http2StreamOf(call);
  if (stream === undefined) return;
  let cancel: (() => void) | undefined;
  const free = () => {
    // RFC 9113, 8.1: NO_ERROR after a complete response.
    const { NGHTTP2_NO_ERROR, NGHTTP2_CANCEL } = constants;
    stream.close(stream.writableFinished ? NGHTTP2_NO_ERROR : NGHTTP2_CANCEL);
  };
  for (const event of ['end', 'cancelled', 'error'] as const) {
    call.on(event, () => {
      if (!stream.destroyed) cancel ??= clock.schedule(ERROR_READ_WITHIN_MS, free);
    });
  }
  stream.once('close', () => cancel?.());
}

/** Whether grpc-js ended the call because a message was too large. */
export function wasTooLarge(call: FeedCall): boolean {
  const stream = http2StreamOf(call);
  const sent = stream?.sentTrailers ?? stream?.sentHeaders;
  return String(sent?.['grpc-status']) === RESOURCE_EXHAUSTED;
}
