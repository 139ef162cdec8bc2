import type { Framing } from './request-head.ts';

/** How much of the body has arrived in `text`. */
export type BodyProgress =
  | { readonly kind: 'incomplete' }
  /** `body`: Latin-1 text, one character per byte. `end`: where the next request begins. */
  | { readonly kind: 'complete'; readonly body: string; readonly end: number }
  | { readonly kind: 'too large' }
  | { readonly kind: 'malformed' };

/** Limit for chunk sizes, extensions and trailers besides the body itself. Characters. */
const LARGEST_OVERHEAD = 4_096;
/** A size and extensions (RFC 9112, 7.1.1), without quotes and white space. */
const CHUNK_LINE = /^([0-9A-Fa-f]{1,6})(?:;[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:=[!#$%&'*+\-.^_`|~0-9A-Za-z]+)?)*$/;
const TRAILER = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[\t -~\x80-\xff]*$/;
/** Headers that frame messages must not be trailers (RFC 9110, 6.5.1). */
const NEVER_TRAILERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Finds the end of a body at the start of `text`. Scans from the start each time, because the body is bounded and has
 * few pieces. Latin-1 text.
 */
export function readBody(text: string, framing: Framing, maxBytes: number): BodyProgress {
  if (framing.kind === 'none') return { kind: 'complete', body: '', end: 0 };
  if (framing.kind === 'chunked') return readChunks(text, maxBytes);
  if (framing.bytes > maxBytes) return { kind: 'too large' };
  if (text.length < framing.bytes) return { kind: 'incomplete' };
  return { kind: 'complete', body: text.slice(0, framing.bytes), end: framing.bytes };
}

function readChunks(text: string, maxBytes: number): BodyProgress {
  let body = '';
  let at = 0;
  for (;;) {
    if (at - body.length > LARGEST_OVERHEAD) return { kind: 'too large' };
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd < 0) return unfinished(text, at);
    const size = CHUNK_LINE.exec(text.slice(at, lineEnd))?.[1];
    if (size === undefined) return { kind: 'malformed' };
    const bytes = parseInt(size, 16);
    if (body.length + bytes > maxBytes) return { kind: 'too large' };
    if (bytes === 0) return readTrailers(text, lineEnd + 2, body);
    const dataEnd = lineEnd + 2 + bytes;
    if (text.length < dataEnd + 2) return { kind: 'incomplete' };
    if (!text.startsWith('\r\n', dataEnd)) return { kind: 'malformed' };
    body += text.slice(lineEnd + 2, dataEnd);
    at = dataEnd + 2;
  }
}

/** Reads and discards trailers. */
function readTrailers(text: string, from: number, body: string): BodyProgress {
  let at = from;
  for (;;) {
    if (at - from > LARGEST_OVERHEAD) return { kind: 'too large' };
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd < 0) return unfinished(text, at);
    if (lineEnd === at) return { kind: 'complete', body, end: lineEnd + 2 };
    const name = TRAILER.exec(text.slice(at, lineEnd))?.[1];
    if (name === undefined || NEVER_TRAILERS.has(name.toLowerCase())) return { kind: 'malformed' };
    at = lineEnd + 2;
  }
}

function unfinished(text: string, at: number): BodyProgress {
  return text.length - at > LARGEST_OVERHEAD ? { kind: 'too large' } : { kind: 'incomplete' };
}
