import { describe, expect, it } from 'vitest';
import { readBody } from '../../../src/http/message/request-body.ts';
import type { BodyProgress } from '../../../src/http/message/request-body.ts';

const MAX_BYTES = 16;

function sized(text: string, bytes: number): BodyProgress {
  return readBody(text, { kind: 'sized', bytes }, MAX_BYTES);
}

function chunked(text: string): BodyProgress {
  return readBody(text, { kind: 'chunked' }, MAX_BYTES);
}

describe('Sized body', () => {
  it('A body is empty if the head announces none, whatever follows the head', () => {
    expect(readBody('GET /', { kind: 'none' }, 0)).toEqual({ kind: 'complete', body: '', end: 0 });
  });

  it('A body of a given size ends there, and is incomplete before', () => {
    expect(sized('abcGET', 3)).toEqual({ kind: 'complete', body: 'abc', end: 3 });
    expect(sized('ab', 3)).toEqual({ kind: 'incomplete' });
  });

  it('A body of a given size that is too large is refused before it has come', () => {
    expect(sized('', MAX_BYTES + 1)).toEqual({ kind: 'too large' });
    expect(sized('', MAX_BYTES)).toEqual({ kind: 'incomplete' });
  });
});

describe('Chunked body', () => {
  const WHOLE = '3;a;b=c\r\nabc\r\n0a\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n';

  it('A chunked body is joined, and its extensions and trailers are dropped', () => {
    expect(chunked(`${WHOLE}GET`)).toEqual({
      kind: 'complete',
      body: 'abc0123456789',
      end: WHOLE.length,
    });
  });

  it('A chunked body is incomplete before its last byte', () => {
    for (let length = 0; length < WHOLE.length; length += 1)
      expect(chunked(WHOLE.slice(0, length))).toEqual({ kind: 'incomplete' });
  });

  it('A chunked body can be empty', () => {
    expect(chunked('0\r\n\r\n')).toEqual({ kind: 'complete', body: '', end: 5 });
  });

  it.each([
    'x\r\n',
    '\r\n',
    '-1\r\n',
    '+1\r\na\r\n',
    '0x1\r\na\r\n',
    ' 1\r\na\r\n',
    '1 \r\na\r\n',
    '1\t;a\r\na\r\n',
    '1;\0\r\na\r\n',
    '1;a b\r\na\r\n',
    '1;a="b"\r\na\r\n',
    '1\nabc\r\n',
    '1\r\nab\r\n',
    '1\r\na\n0\r\n',
    '0000001\r\na\r\n',
    '0\r\nX : y\r\n\r\n',
    '0\r\n y\r\n\r\n',
    '0\r\nX: \0\r\n\r\n',
    '0\r\nX: a\nY: b\r\n\r\n',
  ])('The chunked body %j is malformed', (text) => {
    expect(chunked(text)).toEqual({ kind: 'malformed' });
  });

  it.each(['Content-Length: 3', 'transfer-encoding: chunked', 'Connection: close', 'UPGRADE: h2c'])(
    'A chunked body with the framing trailer "%s" is malformed',
    (trailer) => {
      expect(chunked(`0\r\nX: y\r\n${trailer}\r\n\r\n`)).toEqual({ kind: 'malformed' });
    },
  );

  it('A chunked body is refused as soon as its chunks together are too large, before they have come', () => {
    expect(chunked('8\r\n01234567\r\n9\r\n')).toEqual({ kind: 'too large' });
    expect(chunked('8\r\n01234567\r\n8\r\n')).toEqual({ kind: 'incomplete' });
    expect(chunked('ffffff\r\n')).toEqual({ kind: 'too large' });
  });

  it.each([
    { what: 'one extension', text: `1;${'a'.repeat(5_000)}` },
    { what: 'extensions of many chunks', text: `1;${'a'.repeat(500)}\r\nx\r\n`.repeat(10) },
    { what: 'one trailer', text: `0\r\nX: ${'a'.repeat(5_000)}` },
    { what: 'many trailers', text: `0\r\n${'X: y\r\n'.repeat(1_000)}` },
  ])('A chunked body is refused if it has more than 4 KiB of other bytes, by $what', ({ text }) => {
    expect(chunked(text)).toEqual({ kind: 'too large' });
  });
});
