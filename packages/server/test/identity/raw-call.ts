import { connect } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const FRAME_HEADER = 9;
/** RFC 9113, 6. */
const TYPE = { data: 0, headers: 1, settings: 4 } as const;
const END_STREAM = 0x1;
const END_HEADERS = 0x4;
/** Long enough for an answer that must not come. Milliseconds. */
const PATIENCE_MS = 10_000;

export interface RawAnswer {
  /** Everything received through TLS. */
  readonly bytes: number;
  /** Whether the call got a response. */
  readonly answered: boolean;
  /** Tickets to resume the TLS session with. */
  readonly tickets: number;
}

/**
 * A whole gRPC call with an empty message, in frames that leave with the end of the client's handshake. Resolves with the
 * response, or once the connection is over.
 */
export async function rawCall(options: ConnectionOptions, path: string): Promise<RawAnswer> {
  const socket = connect({ ...options, host: '127.0.0.1', ALPNProtocols: ['h2'] });
  // Written before there is a connection: Node keeps them until they can be encrypted, no longer.
  socket.write(callFrames(path));
  let received = Buffer.alloc(0);
  let tickets = 0;
  socket.on('error', () => undefined).on('session', () => (tickets += 1));
  socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('nothing came, and nothing ended')));
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    if (hasResponse(received)) socket.destroy();
  });
  await new Promise((resolve) => socket.once('close', resolve));
  return { bytes: received.length, answered: hasResponse(received), tickets };
}

function callFrames(path: string): Buffer {
  const headers = [
    [':method', 'POST'],
    [':scheme', 'https'],
    [':path', path],
    [':authority', 'rolegate-server'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
  ] as const;
  // RFC 7541, 6.2.2: each by its letters.
  const block = headers.flatMap(([name, value]) => [Buffer.of(0), letters(name), letters(value)]);
  return Buffer.concat([
    PREFACE,
    frame(TYPE.settings, { flags: 0, stream: 0 }, Buffer.alloc(0)),
    frame(TYPE.headers, { flags: END_HEADERS, stream: 1 }, Buffer.concat(block)),
    frame(TYPE.data, { flags: END_STREAM, stream: 1 }, Buffer.alloc(5)),
  ]);
}

function letters(text: string): Buffer {
  return Buffer.concat([Buffer.of(text.length), Buffer.from(text)]);
}

function frame(type: number, { flags, stream }: { flags: number; stream: number }, payload: Buffer): Buffer {
  const header = Buffer.alloc(FRAME_HEADER);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

function hasResponse(received: Buffer): boolean {
  for (let at = 0; at + FRAME_HEADER <= received.length;) {
    if (received[at + 3] === TYPE.headers && received.readUInt32BE(at + 5) === 1) return true;
    at += FRAME_HEADER + received.readUIntBE(at, 3);
  }
  return false;
}
