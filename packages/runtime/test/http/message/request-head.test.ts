import { describe, expect, it } from 'vitest';
import { mayBecomeHead, parseRequestHead } from '../../../src/http/message/request-head.ts';
import type { RequestHead } from '../../../src/http/message/request-head.ts';

/** Parses a head with these header lines. */
function parse(lines: readonly string[] = [], requestLine = 'GET /latest/ HTTP/1.1') {
  return parseRequestHead([requestLine, ...lines].join('\r\n'));
}

function parsed(lines: readonly string[] = [], requestLine?: string): RequestHead {
  const head = parse(lines, requestLine);
  if ('fault' in head) throw new Error(head.detail);
  return head;
}

describe('Request head', () => {
  it('A head is parsed into its method, target and headers, which keep their spelling and order', () => {
    expect(
      parsed(['hOsT: 198.18.0.1', 'Accept:*/*', 'X-Empty:'], 'PUT /latest/api/token?x=1 HTTP/1.1'),
    ).toEqual({
      method: 'PUT',
      target: '/latest/api/token?x=1',
      headers: ['hOsT', '198.18.0.1', 'Accept', '*/*', 'X-Empty', ''],
      keepAlive: true,
      old: false,
      framing: { kind: 'none' },
      expectsContinue: false,
      asksForUpgrade: false,
      known: false,
    });
  });

  it.each([
    { text: ' \t v \t ', value: 'v' },
    { text: 'a \t b', value: 'a \t b' },
    { text: ' \t ', value: '' },
    { text: '\xa0v\xa0', value: '\xa0v\xa0' },
    { text: '\x80\xff', value: '\x80\xff' },
  ])(
    'The header text "$text" has the value "$value", with only the spaces and tabs around it removed',
    ({ text, value }) => {
      expect(parsed([`X:${text}`]).headers).toEqual(['X', value]);
    },
  );

  it.each([
    'GET /',
    'GET / HTTP/1.2',
    'GET / HTTP/2.0',
    'GET / http/1.1',
    'GET  / HTTP/1.1',
    'GET /  HTTP/1.1',
    'GET\t/ HTTP/1.1',
    ' GET / HTTP/1.1',
    'GET / HTTP/1.1 ',
    'get / HTTP/1.1',
    'CONNECT / HTTP/1.1',
    'PRI / HTTP/1.1',
    'GOT / HTTP/1.1',
    'GET * HTTP/1.1',
    'GET latest HTTP/1.1',
    'GET http://198.18.0.1/latest HTTP/1.1',
    'GET /a b HTTP/1.1',
    'GET /a#b HTTP/1.1',
    'GET /a\x00 HTTP/1.1',
    'GET /a\x7f HTTP/1.1',
    'GET /\xe4 HTTP/1.1',
    'GET /a\nX: y HTTP/1.1',
  ])('The request line %j is refused', (requestLine) => {
    expect(parse([], requestLine)).toEqual({
      fault: 'malformed',
      detail: 'the request line is not HTTP/1.1',
    });
  });

  it.each([
    'Host : x',
    ' Host: x',
    ': x',
    'Host',
    'Ho st: x',
    'Host: x\x00',
    'Host: x\x7f',
    'Host: x\ny: z',
    'Host: x\ry: z',
    'Ho\xe4st: x',
    'Ho(st: x',
    '',
  ])('The header line %j is refused', (line) => {
    expect(parse(['A: b', line, 'C: d'])).toEqual({
      fault: 'malformed',
      detail: 'a header line is not HTTP',
    });
  });

  it('A folded header line is refused', () => {
    expect(parse(['A: b', '\tc'])).toMatchObject({ fault: 'malformed' });
  });

  it('A head has at most 100 headers', () => {
    const most = Array.from({ length: 100 }, (_, at) => `X-${at}: y`);
    expect(parsed(most).headers).toHaveLength(200);
    expect(parse([...most, 'X: y'])).toEqual({
      fault: 'too many headers',
      detail: 'more than 100 headers',
    });
    expect(parse(Array.from({ length: 4_000 }, () => 'X:'))).toMatchObject({ fault: 'too many headers' });
  });

  it('The cost of parsing a hostile header line grows only with its length', () => {
    const hostile = [' ', '\t', ' x', 'x', ':', '\x80'].flatMap((piece) =>
      ['', 'x'].map((before) => `A:${before}${piece.repeat(16_000 / piece.length)}\x01`),
    );
    const began = process.cpuUsage();
    for (const line of hostile) expect(parse([line])).toMatchObject({ fault: 'malformed' });
    // A backtracking expression takes 600 ms for the first one alone.
    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(300);
  });
});

describe('Message framing', () => {
  it.each([
    { lines: [], kind: 'none' },
    { lines: ['Content-Length: 0'], kind: 'none' },
    { lines: ['content-length: 12'], kind: 'sized', bytes: 12 },
    { lines: ['Content-Length: 012'], kind: 'sized', bytes: 12 },
    { lines: ['TRANSFER-ENCODING: Chunked'], kind: 'chunked' },
  ])('The headers $lines announce a body that is $kind', ({ lines, ...framing }) => {
    expect(parsed(lines).framing).toEqual(framing);
  });

  it.each([
    { lines: ['Content-Length: 1', 'Content-Length: 1'] },
    { lines: ['Content-Length: 1, 1'] },
    { lines: ['Content-Length: +1'] },
    { lines: ['Content-Length: -1'] },
    { lines: ['Content-Length: 0x1'] },
    { lines: ['Content-Length: 1 1'] },
    { lines: ['Content-Length:'] },
    { lines: ['Content-Length: 1234567890123'] },
    { lines: ['Content-Length: 1', 'Transfer-Encoding: chunked'] },
    { lines: ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'] },
    { lines: ['Transfer-Encoding: gzip, chunked'] },
    { lines: ['Transfer-Encoding: identity'] },
    { lines: ['Transfer-Encoding: chunked;x'] },
    { lines: ['Transfer-Encoding:'] },
    { lines: ['Transfer-Encoding: chunked\t'] },
    { lines: ['Host: a', 'Host: a'] },
  ])('The ambiguous headers $lines are refused', ({ lines }) => {
    expect(parse(lines)).toMatchObject({ fault: 'malformed' });
  });

  it('HTTP/1.0 has no chunked body', () => {
    expect(parse(['Transfer-Encoding: chunked'], 'PUT / HTTP/1.0')).toMatchObject({ fault: 'malformed' });
  });

  it.each([
    { version: '1.1', lines: [], keepAlive: true },
    { version: '1.1', lines: ['Connection: close'], keepAlive: false },
    { version: '1.1', lines: ['CONNECTION: Keep-Alive, Close'], keepAlive: false },
    { version: '1.1', lines: ['Connection: keep-alive', 'Connection: close'], keepAlive: false },
    { version: '1.1', lines: ['Connection: x,\tclose'], keepAlive: false },
    { version: '1.1', lines: ['Connection: closed'], keepAlive: true },
    { version: '1.1', lines: ['Connection: close\xa0'], keepAlive: true },
    { version: '1.1', lines: ['Proxy-Connection: Close'], keepAlive: false },
    { version: '1.0', lines: ['Proxy-Connection: keep-alive'], keepAlive: false },
    { version: '1.0', lines: [], keepAlive: false },
    { version: '1.0', lines: ['Connection: keep-alive'], keepAlive: true },
    { version: '1.0', lines: ['Connection: keep-alive', 'Connection: close'], keepAlive: false },
  ])(
    'A request keeps the connection: $keepAlive, in HTTP/$version with $lines',
    ({ version, lines, keepAlive }) => {
      expect(parsed(lines, `GET / HTTP/${version}`)).toMatchObject({ keepAlive, old: version === '1.0' });
    },
  );

  it.each([
    { version: '1.1', value: '100-Continue', expectsContinue: true },
    { version: '1.1', value: '200-ok', expectsContinue: false },
    { version: '1.0', value: '100-continue', expectsContinue: false },
  ])(
    'A request expects a 100: $expectsContinue, in HTTP/$version for $value',
    ({ version, value, expectsContinue }) => {
      expect(parsed([`Expect: ${value}`], `PUT / HTTP/${version}`)).toMatchObject({ expectsContinue });
    },
  );
});

describe('Protocol upgrade', () => {
  it('A request for another protocol is recognized by its Upgrade header', () => {
    expect(parsed(['Connection: Upgrade, HTTP2-Settings', 'upgrade: h2c'])).toMatchObject({
      asksForUpgrade: true,
      keepAlive: true,
    });
    expect(parsed(['Connection: upgrade'])).toMatchObject({ asksForUpgrade: false });
  });
});

describe('Unfinished head', () => {
  it.each(['', '\r', 'G', 'GET', 'GET ', 'GET /a HTTP/1.1\r', 'M-SEARCH /a HTTP/1.1\r\nA: \xff\t\r\nB'])(
    'The unfinished text %j can still become a head',
    (text) => {
      expect(mayBecomeHead(text, 0)).toBe(true);
    },
  );

  it.each([
    '\0',
    '\n',
    ' ',
    'get',
    'G1',
    '\x16\x03\x01',
    'GET /\n',
    'GET / HTTP/1.1\r\nA: \x7f',
    'ABCDEFGHIJKLMNOPQ',
  ])('The unfinished text %j cannot become a head', (text) => {
    expect(mayBecomeHead(text, 0)).toBe(false);
  });

  it('The part of an unfinished head that was checked is not checked again, except its beginning', () => {
    expect(mayBecomeHead('GET /\0 HTTP/1.1', 6)).toBe(true);
    expect(mayBecomeHead('GET /\r\n', 6)).toBe(true);
    expect(mayBecomeHead('get /', 5)).toBe(false);
  });
});
