/** An answer but for what the connection adds: its length, the date, and whether it ends with it. */
export interface HttpAnswer {
  readonly status: number;
  /** Whole header lines, each with its line end (`headerLines` makes them). */
  readonly headers: string;
  /** Latin-1 text: a character a byte. */
  readonly body: string;
  /** Of an answer that is sent again and again: its bytes as they were last sent, which the server keeps here. */
  readonly sent?: SentText;
}

/** The bytes of an answer, and what of them is not the answer's own. */
export interface SentText {
  text: string;
  date: string;
  keepAliveMs: number;
}

/** The statuses that our servers answer with (RFC 9110, 15; RFC 6585, 5). */
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

/** Asks for the body of a request (RFC 9110, 10.1.1). */
export const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

/** Header lines from names and values in turn. */
export function headerLines(namesAndValues: readonly string[]): string {
  let lines = '';
  for (let at = 0; at + 1 < namesAndValues.length; at += 2)
    lines += `${namesAndValues[at] ?? ''}: ${namesAndValues[at + 1] ?? ''}\r\n`;
  return lines;
}

export interface MessageOptions {
  /** The request was a HEAD: the same headers, no body. */
  readonly head: boolean;
  /** How long the connection is kept for a next request; 0: it ends with this answer. Milliseconds. */
  readonly keepAliveMs: number;
  readonly date: string;
}

/** The bytes of an answer, as Latin-1 text. */
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

/** An answer that will be sent again and again. */
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

/** The time of an answer (RFC 9110, 6.6.1), made once a second. `now`: milliseconds since the epoch. */
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
