import { connect } from 'node:net';

export interface Ask {
  /** Of 127.0.0.0/8; by default 127.0.0.1. */
  readonly host?: string;
  readonly port: number;
  /** The Pod's. */
  readonly ip: string;
  readonly path: string;
  readonly method?: 'GET' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Asked {
  /** 0: no answer at all. */
  readonly status: number;
  readonly body: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  /** From before the connection to the last byte. Milliseconds. */
  readonly tookMs: number;
}

export const CREDENTIALS_PATH = '/latest/meta-data/iam/security-credentials/';

/** One request on a connection of its own, from a Pod's address. By hand: an HTTP client would take as long as the agent. */
export function ask({
  host = '127.0.0.1',
  port,
  ip,
  path,
  method = 'GET',
  headers = {},
}: Ask): Promise<Asked> {
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
      else if (answer.length > MOST_CHARACTERS) end('an answer without an end');
    });
    socket.write(requestText(path, headers, method));
  });
}

/** Longer than any hold. Milliseconds. */
const ANSWERED_WITHIN_MS = 5_000;
/** Of an answer: no metadata is as long. */
const MOST_CHARACTERS = 1_048_576;

function isWhole(answer: string): boolean {
  const headEnd = answer.indexOf('\r\n\r\n');
  if (headEnd < 0) return false;
  const length = /content-length: (\d+)/i.exec(answer.slice(0, headEnd))?.[1];
  // In chunks: nobody of ours answers so.
  if (length === undefined) return answer.endsWith('\r\n0\r\n\r\n');
  return answer.length >= headEnd + 4 + Number(length);
}

/** A token of the agent's, as an SDK gets it. Throws if there is none. */
export async function askForToken(from: Pick<Ask, 'port' | 'ip'>): Promise<string> {
  const { status, body } = await tokenFrom(from);
  if (status !== 200) throw new Error(`no token for ${from.ip}: ${status} ${body}`);
  return body;
}

/** What the answer is if an SDK asks for a token. */
export function tokenFrom(from: Pick<Ask, 'host' | 'port' | 'ip'>): Promise<Asked> {
  const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' };
  return ask({ ...from, path: '/latest/api/token', method: 'PUT', headers });
}

/** What botocore sends with each request. */
const SDK_HEADERS = {
  Host: '169.254.169.254',
  'Accept-Encoding': 'identity',
  'User-Agent': 'Boto3/1.40.0 md/Botocore#1.40.0 ua/2.1 os/linux#6.1 md/arch#x86_64 lang/python#3.12.0',
};

/** The bytes of an SDK's request. */
export function requestText(
  path: string,
  more: Readonly<Record<string, string>> = {},
  method = 'GET',
): string {
  const lines = Object.entries({ ...SDK_HEADERS, ...more }).map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}
