import { connect } from 'node:net';

export interface StatusQuestion {
  /** Path of the unix socket. */
  readonly socket: string;
  readonly method: 'GET' | 'PUT';
  /** Path and query. */
  readonly target: string;
  readonly body?: string;
}

/** The answer, or why there is none. */
export type StatusReply = { readonly status: number; readonly body: string } | { readonly fault: string };

/** A healthy program answers immediately. Milliseconds. */
const WITHIN_MS = 5_000;
/** Enough for all sessions of the largest cluster. Bytes. */
const LARGEST_REPLY = 64 * 1024 * 1024;

/** Queries a running program through its status socket. Speaks HTTP by hand, so that only node:net is loaded. */
export function askStatus({ socket, method, target, body = '' }: StatusQuestion): Promise<StatusReply> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const connection = connect({ path: socket });
    const end = (reply: StatusReply) => {
      clearTimeout(timer);
      connection.destroy();
      resolve(reply);
    };
    const timer = setTimeout(() => {
      end({ fault: `no answer within ${WITHIN_MS / 1000} s` });
    }, WITHIN_MS);
    connection.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > LARGEST_REPLY) end({ fault: 'the answer is too large' });
    });
    connection.on('error', (error) => {
      end({ fault: error.message });
    });
    connection.on('close', () => {
      end(parse(Buffer.concat(chunks)));
    });
    const length = Buffer.byteLength(body);
    connection.write(
      `${method} ${target} HTTP/1.1\r\nhost: status\r\nconnection: close\r\ncontent-length: ${length}\r\n\r\n${body}`,
    );
  });
}

/** The status server sends a Content-Length with each answer. */
function parse(reply: Buffer): StatusReply {
  const headEnd = reply.indexOf('\r\n\r\n');
  const [head = ''] = reply.toString('latin1', 0, Math.max(0, headEnd)).split('\r\n\r\n');
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1];
  const length = /^content-length: (\d+)$/im.exec(head)?.[1];
  const body = reply.subarray(headEnd + 4);
  if (headEnd === -1 || status === undefined || body.length !== Number(length))
    return { fault: 'the answer is incomplete' };
  return { status: Number(status), body: body.toString() };
}
