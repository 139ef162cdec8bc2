import { connect } from 'node:net';

export interface StatusQuestion {
  /** Of the unix socket. */
  readonly socket: string;
  readonly method: 'GET' | 'PUT';
  /** Path and query. */
  readonly target: string;
  readonly body?: string;
}

/** What came back; `fault`: nobody answered, for this reason. */
export type StatusReply = { readonly status: number; readonly body: string } | { readonly fault: string };

/** A program that is well answers at once. Milliseconds. */
const WITHIN_MS = 5_000;
/** More than all sessions of the largest cluster. Bytes. */
const LARGEST_REPLY = 64 * 1024 * 1024;

/** Asks a running program by its status socket. Spoken by hand: of Node nothing more is loaded than its sockets. */
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
      if (bytes > LARGEST_REPLY) end({ fault: 'the answer does not end' });
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

/** Our own server gives each answer its length. */
function parse(reply: Buffer): StatusReply {
  const headEnd = reply.indexOf('\r\n\r\n');
  const [head = ''] = reply.toString('latin1', 0, Math.max(0, headEnd)).split('\r\n\r\n');
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1];
  const length = /^content-length: (\d+)$/im.exec(head)?.[1];
  const body = reply.subarray(headEnd + 4);
  if (headEnd === -1 || status === undefined || body.length !== Number(length))
    return { fault: 'the answer is not whole' };
  return { status: Number(status), body: body.toString() };
}
