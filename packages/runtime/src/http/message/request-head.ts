/** The head of a request (RFC 9112). */
export interface RequestHead {
  readonly method: string;
  /** In origin-form (RFC 9112, 3.2.1): a path with an optional query. */
  readonly target: string;
  /** Alternating names and values as received, without white space around the values. */
  readonly headers: readonly string[];
  /** The client accepts further answers on this connection. */
  readonly keepAlive: boolean;
  /** HTTP/1.0, which keeps a connection only if the answer says so. */
  readonly old: boolean;
  readonly framing: Framing;
  /** `Expect: 100-continue`: the client waits for a request to send the body. */
  readonly expectsContinue: boolean;
  /** Requests another protocol, which is not granted. The bytes right behind it may be in that protocol. */
  readonly asksForUpgrade: boolean;
  /** Heads with the same bytes are this same object, so results can be cached by it. */
  readonly known: boolean;
}

/** How to find the end of the body (RFC 9112, 6.3). */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'sized'; readonly bytes: number }
  | { readonly kind: 'chunked' };

/** Why a head is refused. */
export interface HeadFault {
  readonly fault: 'malformed' | 'too many headers';
  /** For the log. */
  readonly detail: string;
}

/** Known clients send less than a tenth of this. */
const MOST_HEADERS = 100;

/** What llhttp knows, without CONNECT, because there are no tunnels here. */
const METHODS: ReadonlySet<string> = new Set(
  (
    'ACL BIND CHECKOUT COPY DELETE GET HEAD LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY OPTIONS ' +
    'PATCH POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK UNSUBSCRIBE'
  ).split(' '),
);

/** Printable ASCII without '#', which covers every path and query. */
const REQUEST_LINE = /^([A-Z-]{3,16}) (\/[!"$-~]*) HTTP\/1\.([01])$/;
/**
 * A token without white space before the colon, and a value without control characters except tabs (RFC 9110, 5.5 and
 * 5.6.2). The value is trimmed by hand: an expression that does it takes half a second for 16 KiB of blanks followed by
 * a control character.
 */
const HEADER_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t -~\x80-\xff]*)$/;
/** Node's parser treats the encoding as unknown if a tab follows it. */
const CHUNKED = /^ *chunked *$/i;
const LENGTH = /^\d{1,12}$/;

/**
 * Parses a head: everything before the empty line, without its final line ends. Latin-1 text. Stricter than the RFC
 * wherever two parsers could disagree: no bare line feeds, no folded lines, one Host, one length.
 */
export function parseRequestHead(text: string): RequestHead | HeadFault {
  const lines = text.split('\r\n', MOST_HEADERS + 2);
  const [, method = '', target = '', minor] = REQUEST_LINE.exec(lines[0] ?? '') ?? [];
  if (!METHODS.has(method)) return malformed('the request line is not HTTP/1.1');
  if (lines.length > MOST_HEADERS + 1)
    return { fault: 'too many headers', detail: `more than ${MOST_HEADERS} headers` };
  const headers: string[] = [];
  const seen = createSeen();
  for (let at = 1; at < lines.length; at += 1) {
    const [, name, text = ''] = HEADER_LINE.exec(lines[at] ?? '') ?? [];
    if (name === undefined) return malformed('a header line is not HTTP');
    const value = withoutBlanks(text);
    headers.push(name, value);
    noteHeader(seen, name, value, text);
  }
  const framing = framingOf(seen, minor === '0');
  if ('fault' in framing) return framing;
  return {
    method,
    target,
    headers,
    keepAlive: minor === '0' ? seen.keepAlive && !seen.close : !seen.close,
    old: minor === '0',
    framing,
    expectsContinue: seen.expectsContinue && minor === '1',
    asksForUpgrade: seen.upgrade,
    known: false,
  };
}

/** Trims spaces and tabs. `trim` would also remove a no-break space (\xa0). */
function withoutBlanks(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** What the headers say about the message. */
interface Seen {
  hosts: number;
  lengths: number;
  length: string;
  encodings: number;
  encoding: string;
  close: boolean;
  keepAlive: boolean;
  expectsContinue: boolean;
  upgrade: boolean;
}

function createSeen(): Seen {
  return {
    hosts: 0,
    lengths: 0,
    length: '',
    encodings: 0,
    encoding: '',
    close: false,
    keepAlive: false,
    expectsContinue: false,
    upgrade: false,
  };
}

/** Compares lengths first, because most headers are none of these. `text` is the untrimmed value. */
function noteHeader(seen: Seen, name: string, value: string, text: string): void {
  switch (name.length) {
    case 4:
      if (name.toLowerCase() === 'host') seen.hosts += 1;
      return;
    case 6:
      if (name.toLowerCase() === 'expect') seen.expectsContinue ||= value.toLowerCase() === '100-continue';
      return;
    case 7:
      if (name.toLowerCase() === 'upgrade') seen.upgrade = true;
      return;
    case 10:
      if (name.toLowerCase() !== 'connection') return;
      seen.close ||= hasOption(value, 'close');
      seen.keepAlive ||= hasOption(value, 'keep-alive');
      return;
    case 14:
      if (name.toLowerCase() !== 'content-length') return;
      seen.lengths += 1;
      seen.length = value;
      return;
    case 16:
      // Not standard, but other parsers end the connection on it.
      if (name.toLowerCase() === 'proxy-connection') seen.close ||= hasOption(value, 'close');
      return;
    case 17:
      if (name.toLowerCase() !== 'transfer-encoding') return;
      seen.encodings += 1;
      seen.encoding = text;
      return;
    default:
  }
}

function hasOption(value: string, option: string): boolean {
  return value.split(',').some((one) => withoutBlanks(one).toLowerCase() === option);
}

function framingOf({ hosts, lengths, length, encodings, encoding }: Seen, old: boolean): Framing | HeadFault {
  if (hosts > 1) return malformed('more than one Host header');
  if (lengths + encodings > 1) return malformed('more than one header gives the length of the body');
  if (encodings === 1) {
    return CHUNKED.test(encoding) && !old
      ? { kind: 'chunked' }
      : malformed('a Transfer-Encoding other than chunked');
  }
  if (lengths === 0) return { kind: 'none' };
  if (!LENGTH.test(length)) return malformed('the Content-Length is not a number');
  const bytes = Number(length);
  return bytes === 0 ? { kind: 'none' } : { kind: 'sized', bytes };
}

function malformed(detail: string): HeadFault {
  return { fault: 'malformed', detail };
}

/** Invalid in a head: control characters, and line feeds without a carriage return. */
const NEVER_IN_A_HEAD = /[^\t\r\n -~\x80-\xff]|(?<!\r)\n/g;
/** How an incomplete request line can begin. */
const BEGINS_LIKE_A_REQUEST = /^(?:$|\r$|[A-Z-]{1,16}(?: |$))/;

/**
 * Returns false if an unfinished head can no longer become valid, so that its client need not be waited for. Latin-1
 * text. Characters before `from` were checked earlier.
 */
export function mayBecomeHead(text: string, from: number): boolean {
  NEVER_IN_A_HEAD.lastIndex = from;
  return !NEVER_IN_A_HEAD.test(text) && BEGINS_LIKE_A_REQUEST.test(text);
}
