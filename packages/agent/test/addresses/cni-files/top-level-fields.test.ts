import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { createTopLevelFields } from '../../../src/addresses/cni-files/top-level-fields.ts';
import type { TopLevelFields } from '../../../src/addresses/cni-files/top-level-fields.ts';

const WANTED = ['kind', 'ifName', 'cniArgs', 'result'] as const;
const LONGEST = 1_000;

/** Reads the text in chunks that end at the given places; each chunk is overwritten before the next. */
function read(text: string | Buffer, cuts: readonly number[] = []): TopLevelFields {
  const reader = createTopLevelFields(new Set(WANTED), LONGEST);
  const bytes = Buffer.from(text);
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (const [at, start] of places.slice(0, -1).entries()) {
    const piece = Buffer.from(bytes.subarray(start, places[at + 1]));
    reader.read(piece);
    piece.fill('"');
  }
  return reader.end();
}

/** What JSON.parse makes of it; undefined: it is not a JSON object. */
function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function expectAsParsed(text: string, cuts: readonly number[]): void {
  // A change may have split a surrogate pair: what counts are the bytes.
  const expected = parsed(Buffer.from(text).toString());
  const found = read(text, cuts);
  expect(found.kind === 'object').toBe(expected !== undefined);
  if (found.kind !== 'object' || expected === undefined) return;
  const fields = WANTED.filter((name) => Object.hasOwn(expected, name)).map((name) => [name, expected[name]]);
  expect(found.fields).toEqual(new Map(fields as [string, unknown][]));
}

/** Each character in a random JSON spelling. */
const spelled = (text: string) =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((isEscaped) =>
      Array.from(JSON.stringify(text).slice(1, -1), (letter, at) =>
        isEscaped[at] === true && /\w/.test(letter)
          ? `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`
          : letter,
      ).join(''),
    )
    // Existing escapes are left unchanged.
    .map((inner) => (parsed(`{"x":"${inner}"}`)?.['x'] === text ? `"${inner}"` : JSON.stringify(text)));

const space = fc.constantFrom('', ' ', '\n', '\t\r ');
const name = fc.oneof(
  fc.constantFrom(...WANTED),
  fc.constantFrom('capabilityArgs', '__proto__', ''),
  fc.string(),
);
const nasty = fc.constantFrom('"', '\\', '\\"', '{', '}', '"},"kind":"x"', '\u2028', 'ü', '😀', '<');
const value = fc.oneof(
  fc.json({ maxDepth: 4 }),
  fc.array(nasty).map((parts) => JSON.stringify({ kind: { result: parts.join('') }, ifName: [parts] })),
  fc.constantFrom('-0', '1e5', '-12.5E-3', '0.1', 'true', 'false', 'null', '[]', '{}', '[[],{}]'),
);
const member = fc
  .tuple(name.chain(spelled), value, space, space, space)
  .map(([key, text, a, b, c]) => `${a}${key}${b}:${c}${text}${a}`);
const object = fc
  .tuple(fc.array(member, { maxLength: 8 }), space, space)
  .map(([members, before, after]) => `${before}{${members.join(',') || before}}${after}`);
const cuts = fc.array(fc.nat(2_000), { maxLength: 6 });

describe('Top-level fields', () => {
  it('The top-level fields are those that JSON.parse finds, wherever the pieces end', () => {
    fc.assert(fc.property(object, cuts, expectAsParsed), { numRuns: 500 });
  });

  it('Fields are found exactly if JSON.parse finds an object, whatever bytes are changed', () => {
    const letter = fc.constantFrom(...Array.from('{}[]",:\\u0129eE+-.tfn \n\u0001x/'));
    const change = fc.tuple(fc.nat(), fc.nat(2), letter);
    fc.assert(
      fc.property(object, fc.array(change, { minLength: 1, maxLength: 3 }), cuts, (text, changes, at) => {
        const broken = changes.reduce(
          (from, [place, removed, added]) =>
            from.slice(0, place % (from.length + 1)) +
            added +
            from.slice((place % (from.length + 1)) + removed),
          text,
        );
        expectAsParsed(broken, at);
      }),
      { numRuns: 1_500 },
    );
  });

  it('Every proper prefix of an object is recognized as cut short', () => {
    fc.assert(
      fc.property(object, fc.nat(), (text, length) => {
        const bytes = Buffer.from(text.trimEnd());
        expect(read(bytes.subarray(0, length % bytes.length)).kind).toBe('cut-short');
      }),
      { numRuns: 300 },
    );
  });

  it('Fields behind bytes that are not UTF-8 are found as in the decoded text', () => {
    const bytes = Buffer.concat([
      Buffer.from('{"x":"'),
      Buffer.from([0xff, 0xe2, 0x82]),
      Buffer.from('","kind":"a'),
      Buffer.from([0xc3]),
      Buffer.from('"}'),
    ]);
    expect(read(bytes)).toEqual({ kind: 'object', fields: new Map([['kind', 'a\ufffd']]) });
    expect(JSON.parse(bytes.toString('utf8'))).toMatchObject({ kind: 'a\ufffd' });
    expect(read(Buffer.from('\ufeff{}')).kind).toBe('broken');
  });

  it.each([
    {
      what: 'a field that is too long',
      text: `{"kind":"${'x'.repeat(LONGEST)}"}`,
      found: 'the field kind is too long',
    },
    { what: 'a list that nests deeply', text: `{"x":${'['.repeat(600)}`, found: 'not a JSON object' },
  ])('No fields are found in $what', ({ text, found }) => {
    expect(read(text)).toEqual({ kind: 'broken', fault: found });
  });

  it('The last value of a repeated field counts, however long the former value was', () => {
    const text = `{"kind":"${'x'.repeat(LONGEST)}","kind":"a"}`;
    expect(read(text)).toEqual({ kind: 'object', fields: new Map([['kind', 'a']]) });
  });
});
