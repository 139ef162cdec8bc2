/** An answer without what the connection adds: its length, the date, and whether the connection ends. */
export interface HttpAnswer {
  readonly status: number;
  /** Complete header lines with their line ends, as made by `headerLines`. */
  readonly headers: string;
  /** Latin-1 text, one character per byte. */
  readonly body: string;
  /** For an answer that is sent repeatedly: the server keeps its last bytes here. */
  readonly sent?: SentText;
}

/** The bytes of an answer and which of them belong to the connection. */
export interface SentText {
  text: string;
  date: string;
  keepAliveMs: number;
}

/** The statuses that the servers use (RFC 9110, 15; RFC 6585, 5). */
const STATUS_TEXTS: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** Requests the body (RFC 9110, 10.1.1). */
export const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

/** Header lines from alternating names and values. */
export function headerLines(namesAndValues: readonly string[]): string {
  let lines = '';
  for (let at = 0; at + 1 < namesAndValues.length; at += 2)
    lines += `${namesAndValues[at] ?? ''}: ${namesAndValues[at + 1] ?? ''}\r\n`;
  return lines;
}

export interface MessageOptions {
  /** The request was a HEAD: send the headers without a body. */
  readonly head: boolean;
  /** How long the connection waits for the next request. 0 ends it with this answer. Milliseconds. */
  readonly keepAliveMs: number;
  readonly date: string;
}

/** The bytes of an answer as Latin-1 text. */
export function messageText(answer: HttpAnswer, options: MessageOptions): string {
  const { sent } = answer;
  if (sent === undefined || options.head) return makeText(answer, options);
  const { keepAliveMs, date } = options;
  if (sent.date !== date || sent.keepAliveMs !== keepAliveMs) {
    sent.text = makeText(answer, options);
    sent.date = date;
    sent.keepAliveMs = keepAliveMs;
  }
  return sent.text;
}

/** Marks an answer that is sent repeatedly. */
export function toBeSentOften(answer: HttpAnswer): HttpAnswer {
  return { ...answer, sent: { text: '', date: '', keepAliveMs: 0 } };
}

function makeText(
  { status, headers, body }: HttpAnswer,
  { head, keepAliveMs, date }: MessageOptions,
): string {
  const connection =
    keepAliveMs === 0
      ? 'Connection: close'
      : `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1000)}`;
  const text = STATUS_TEXTS[status] ?? '';
  return `HTTP/1.1 ${status} ${text}\r\n${headers}Content-Length: ${body.length}\r\nDate: ${date}\r\n${connection}\r\n\r\n${head ? '' : body}`;
}

/** The Date header (RFC 9110, 6.6.1), formatted once per second. `now`: milliseconds since the epoch. */
export function createDate(now: () => number): () => string {
  let second = NaN;
  let text = '';
  return () => {
    const current = Math.floor(now() / 1000);
    if (current !== second) {
      second = current;
      text = new Date(current * 1000).toUTCString();
    }
    return text;
  };
}
