import { connect } from 'node:net';

export interface RequestOptions {
  /** An address in 127.0.0.0/8, 127.0.0.1 by default. */
  readonly host?: string;
  readonly port: number;
  /** The Pod's address. */
  readonly ip: string;
  readonly path: string;
  readonly method?: 'GET' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  /** 0: no answer. `body` says why. */
  readonly status: number;
  readonly body: string;
  /** Alternating names and values, as received. */
  readonly rawHeaders: readonly string[];
  /** From connecting to the last byte. Milliseconds. */
  readonly tookMs: number;
}

export const CREDENTIALS_PATH = '/latest/meta-data/iam/security-credentials/';

/** Sends a request from a Pod's address on a new connection. Not with an HTTP client, which would take as long as the agent. */
export function sendRequest({
  host = '127.0.0.1',
  port,
  ip,
  path,
  method = 'GET',
  headers = {},
}: RequestOptions): Promise<Answer> {
  const startMs = performance.now();
  return new Promise((resolve) => {
    const socket = connect({ host, port, localAddress: ip, noDelay: true });
    let answer = '';
    const end = (body: string) => {
      socket.destroy();
      const [head = '', ...rest] = answer.split('\r\n\r\n');
      const [status = '', ...lines] = head.split('\r\n');
      resolve({
        status: body === '' ? Number(status.split(' ')[1] ?? 0) : 0,
        body: body === '' ? rest.join('\r\n\r\n') : body,
        rawHeaders: lines.flatMap((line) => /^(.*?): (.*)$/.exec(line)?.slice(1) ?? []),
        tookMs: performance.now() - startMs,
      });
    };
    socket.setTimeout(ANSWERED_WITHIN_MS, () => {
      end('no answer in time');
    });
    socket.on('error', ({ message }) => {
      end(message);
    });
    socket.on('close', () => {
      end(answer.includes('\r\n\r\n') ? '' : 'closed without an answer');
    });
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      answer += chunk;
      if (isWhole(answer)) end('');
      else if (answer.length > MAX_CHARACTERS) end('the answer is too long');
    });
    socket.write(requestText(path, headers, method));
  });
}

/** Longer than any hold. Milliseconds. */
const ANSWERED_WITHIN_MS = 5_000;
/** Of an answer. No metadata is that long. */
const MAX_CHARACTERS = 1_048_576;

function isWhole(answer: string): boolean {
  const headEnd = answer.indexOf('\r\n\r\n');
  if (headEnd < 0) return false;
  const length = /content-length: (\d+)/i.exec(answer.slice(0, headEnd))?.[1];
  // Chunked, which our programs do not use.
  if (length === undefined) return answer.endsWith('\r\n0\r\n\r\n');
  return answer.length >= headEnd + 4 + Number(length);
}

/** Gets an IMDSv2 token from the agent. Throws if there is none. */
export async function requestToken(from: Pick<RequestOptions, 'port' | 'ip'>): Promise<string> {
  const { status, body } = await requestTokenFrom(from);
  if (status !== 200) throw new Error(`no token for ${from.ip}: ${status} ${body}`);
  return body;
}

/** Requests an IMDSv2 token as an SDK does. */
export function requestTokenFrom(from: Pick<RequestOptions, 'host' | 'port' | 'ip'>): Promise<Answer> {
  const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' };
  return sendRequest({ ...from, path: '/latest/api/token', method: 'PUT', headers });
}

/** Headers of botocore. */
const SDK_HEADERS = {
  Host: '169.254.169.254',
  'Accept-Encoding': 'identity',
  'User-Agent': 'Boto3/1.40.0 md/Botocore#1.40.0 ua/2.1 os/linux#6.1 md/arch#x86_64 lang/python#3.12.0',
};

/** An SDK's request as text. */
export function requestText(
  path: string,
  more: Readonly<Record<string, string>> = {},
  method = 'GET',
): string {
  const lines = Object.entries({ ...SDK_HEADERS, ...more }).map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}
