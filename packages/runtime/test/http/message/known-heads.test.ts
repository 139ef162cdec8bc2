import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createHeadParser } from '../../../src/http/message/known-heads.ts';
import { parseRequestHead } from '../../../src/http/message/request-head.ts';
import type { RequestHead } from '../../../src/http/message/request-head.ts';
import { createRemembered } from '../../../src/memory/remembered.ts';

const GET = 'GET /latest/ HTTP/1.1\r\nHost: 198.18.0.1';

function startParser() {
  const heads = createRemembered<RequestHead>({ clock: createFakeClock(), keepMs: 1_000, most: 2 });
  return { heads, parse: createHeadParser(heads) };
}

describe('Known heads', () => {
  it('A head that comes again is the same parsed object, also from another sender', () => {
    const { parse } = startParser();
    const first = parse(GET, 'shop');
    expect(first).toEqual({ ...parseRequestHead(GET), known: true });
    expect(parse(GET, 'other')).toBe(first);
  });

  it.each([
    { what: 'that is malformed', text: `${GET}\r\nBroken` },
    { what: 'that is long', text: `${GET}\r\nX: ${'x'.repeat(1_024)}` },
  ])('A head $what is parsed each time, and is not remembered', ({ text }) => {
    const { heads, parse } = startParser();
    expect(parse(text, 'shop')).toEqual(parseRequestHead(text));
    expect(parse(text, 'shop')).not.toBe(parse(text, 'shop'));
    expect(heads.size).toBe(0);
  });

  it('A head in another spelling is another head', () => {
    const { parse } = startParser();
    const text = GET.replace('Host', 'host');
    expect(parse(GET, 'shop')).not.toBe(parse(text, 'shop'));
    expect(parse(text, 'shop')).toEqual({ ...parseRequestHead(text), known: true });
  });

  it('A sender that sends new heads all the time takes no place from the head of another sender', () => {
    const { parse } = startParser();
    const first = parse(GET, 'shop');
    for (let at = 0; at < 10; at += 1) parse(`GET /${at} HTTP/1.1`, 'storm');
    expect(parse(GET, 'shop')).toBe(first);
  });
});
