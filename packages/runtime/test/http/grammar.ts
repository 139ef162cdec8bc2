import fc from 'fast-check';
import words from './grammar-words.json' with { type: 'json' };

/**
 * Streams that may arrive on a connection: mostly requests, altered like those of clients, attackers and broken
 * networks. Latin-1 text.
 */
function byteStreams(): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 4, arbitrary: requests() },
    { weight: 4, arbitrary: withMutations(requests()) },
    { weight: 1, arbitrary: fc.array(anyByte(), { maxLength: 80 }).map((bytes) => bytes.join('')) },
  );
}

/** The same in pieces: one, some, or single bytes. */
export function arrivals(): fc.Arbitrary<readonly string[]> {
  return byteStreams().chain((text) =>
    fc.oneof(
      { weight: 4, arbitrary: fc.constant([text]) },
      { weight: 1, arbitrary: fc.constant(text.length < 400 ? text.split('') : [text]) },
      {
        weight: 4,
        arbitrary: fc
          .array(fc.nat({ max: text.length }), { minLength: 1, maxLength: 8 })
          .map((cuts) => piecesOf(text, cuts)),
      },
    ),
  );
}

function piecesOf(text: string, cuts: readonly number[]): readonly string[] {
  const ends = [...cuts, text.length].sort((a, b) => a - b);
  return ends.map((end, at) => text.slice(ends[at - 1] ?? 0, end)).filter((piece) => piece !== '');
}

function requests(): fc.Arbitrary<string> {
  return fc.array(request(), { minLength: 1, maxLength: 4 }).map((all) => all.join(''));
}

/** Mostly the usual ones. */
function mostly(usual: readonly string[], odd: readonly string[], weight = 12): fc.Arbitrary<string> {
  return fc.oneof(
    { weight, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom(...odd) },
  );
}

function request(): fc.Arbitrary<string> {
  return fc
    .tuple(before(), requestLine(), fc.array(headerLine(), { maxLength: 5 }), messageBody(), lineEnd())
    .map(([empty, first, headers, { framing, body }, end]) => {
      const lines = [...headers, ...framing].map(([line, lineEnds]) => `${line}${lineEnds}`);
      return `${empty}${first}${end}${lines.join('')}${end}${body}`;
    });
}

function before(): fc.Arbitrary<string> {
  return mostly([''], ['\r\n', '\r\n\r\n', '\n', '\r', ' ', '\0']);
}

function lineEnd(): fc.Arbitrary<string> {
  return mostly(['\r\n'], ['\n', '\r', '\r\r\n', '\n\r', ' \r\n', '\0\r\n', ''], 30);
}

function requestLine(): fc.Arbitrary<string> {
  const gap = () => mostly([' '], ['  ', '\t', '', '\r', '\0', '\x0b'], 40);
  return fc
    .tuple(
      mostly(words.methods, words.oddMethods),
      gap(),
      mostly(words.targets, words.oddTargets),
      gap(),
      mostly(words.versions, words.oddVersions, 20),
    )
    .map((parts) => parts.join(''));
}

/** A line and its end. */
type Line = readonly [string, string];

function headerLine(): fc.Arbitrary<Line> {
  const blanks = () => mostly([' ', ''], ['\t', ' \t ', '   '], 8);
  const field = fc
    .tuple(
      mostly(words.names, words.oddNames, 20),
      mostly([':'], [' :', '', '::', ';'], 40),
      blanks(),
      mostly(words.values, words.oddValues),
      blanks(),
    )
    .map((parts) => parts.join(''));
  const line = fc.oneof(
    { weight: 4, arbitrary: field },
    { weight: 1, arbitrary: fc.constantFrom(...words.controls) },
  );
  return fc.tuple(line, lineEnd());
}

interface MessageBody {
  readonly framing: readonly Line[];
  readonly body: string;
}

function messageBody(): fc.Arbitrary<MessageBody> {
  const none: MessageBody = { framing: [], body: '' };
  return fc.oneof(
    { weight: 5, arbitrary: fc.constant(none) },
    { weight: 2, arbitrary: sizedBody() },
    { weight: 3, arbitrary: chunkedBody() },
  );
}

function content(): fc.Arbitrary<string> {
  return mostly(
    ['abc', '', 'x', '\r\n', 'GET / HTTP/1.1\r\n\r\n', '\xff\0'],
    ['x'.repeat(40), 'y'.repeat(5_000)],
  );
}

/** Sometimes has one byte more or less than announced. */
function sizedBody(): fc.Arbitrary<MessageBody> {
  return fc.tuple(content(), mostly(['0'], ['1', '-1'])).map(([body, off]) => ({
    framing: [[`Content-Length: ${Math.max(0, body.length + Number(off))}`, '\r\n']],
    body,
  }));
}

function chunkedBody(): fc.Arbitrary<MessageBody> {
  const trailer = mostly(words.trailers, words.oddTrailers, 3);
  return fc
    .tuple(
      fc.array(chunk(), { maxLength: 3 }),
      mostly(['0\r\n'], ['00\r\n', '0;a\r\n', '0\n', '0', '', '-0\r\n', '0 \r\n', '0x0\r\n']),
      fc.oneof(
        { weight: 3, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(trailer, { maxLength: 2 }) },
      ),
      lineEnd(),
    )
    .map(([chunks, last, trailers, end]) => ({
      framing: [['Transfer-Encoding: chunked', '\r\n']],
      body: `${chunks.join('')}${last}${trailers.map((line) => `${line}\r\n`).join('')}${end}`,
    }));
}

function chunk(): fc.Arbitrary<string> {
  const extension = fc.oneof(
    { weight: 6, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: fc.constantFrom(...words.extensions) },
    { weight: 1, arbitrary: fc.constantFrom(...words.oddExtensions) },
  );
  return fc
    .tuple(
      content(),
      mostly(['lower'], ['upper', 'padded', 'hex', 'signed', 'more', 'less'], 20),
      extension,
      lineEnd(),
      lineEnd(),
    )
    .map(
      ([text, spelling, ext, sizeEnd, end]) =>
        `${sizeAs(text.length, spelling)}${ext}${sizeEnd}${text}${end}`,
    );
}

function sizeAs(bytes: number, spelling: string): string {
  const size = bytes.toString(16);
  switch (spelling) {
    case 'upper':
      return size.toUpperCase();
    case 'padded':
      return `00${size}`;
    case 'hex':
      return `0x${size}`;
    case 'signed':
      return `+${size}`;
    case 'more':
      return (bytes + 1).toString(16);
    case 'less':
      return Math.max(0, bytes - 1).toString(16);
    default:
      return size;
  }
}

/** A byte with a special meaning, or any byte. */
function anyByte(): fc.Arbitrary<string> {
  return fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom('\r', '\n', ' ', '\t', ':', '\0', '0', ';', ',', '\x7f', '\xff', '\x0b'),
    },
    { weight: 1, arbitrary: fc.nat({ max: 255 }).map((code) => String.fromCharCode(code)) },
  );
}

type Mutation = readonly [string, number, string, number];

/** Inserts, replaces and removes bytes and repeats pieces, at places given as parts of 2^16. */
function withMutations(streams: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const mutation: fc.Arbitrary<Mutation> = fc.tuple(
    fc.constantFrom('insert', 'replace', 'remove', 'repeat'),
    fc.nat({ max: 65_535 }),
    anyByte(),
    fc.nat({ max: 30 }),
  );
  return fc
    .tuple(streams, fc.array(mutation, { minLength: 1, maxLength: 3 }))
    .map(([text, mutations]) => mutations.reduce(mutate, text));
}

function mutate(text: string, [kind, place, byte, length]: Mutation): string {
  const at = Math.floor((place / 65_536) * text.length);
  const [before, after] = [text.slice(0, at), text.slice(at)];
  switch (kind) {
    case 'insert':
      return `${before}${byte}${after}`;
    case 'replace':
      return `${before}${byte}${after.slice(1)}`;
    case 'remove':
      return `${before}${after.slice(length + 1)}`;
    default:
      return `${before}${after.slice(0, length)}${after}`;
  }
}
