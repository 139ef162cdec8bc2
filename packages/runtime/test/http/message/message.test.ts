import { describe, expect, it } from 'vitest';
import { createDate, headerLines, messageText, toBeSentOften } from '../../../src/http/message/message.ts';

const OPTIONS = { head: false, keepAliveMs: 5_000, date: 'Mon, 23 Nov 2026 07:00:00 GMT' };

describe('Answer text', () => {
  it('An answer has the status line, headers and body of HTTP/1.1', () => {
    const headers = headerLines(['Server', 'EC2ws', 'Content-Type', 'text/plain']);
    expect(messageText({ status: 200, headers, body: 'abc' }, OPTIONS)).toBe(
      'HTTP/1.1 200 OK\r\nServer: EC2ws\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n' +
        'Date: Mon, 23 Nov 2026 07:00:00 GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\nabc',
    );
  });

  it('An answer says whether the connection ends with it, and has a length even without a body', () => {
    expect(messageText({ status: 503, headers: '', body: '' }, { ...OPTIONS, keepAliveMs: 0 })).toBe(
      'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n' +
        'Date: Mon, 23 Nov 2026 07:00:00 GMT\r\nConnection: close\r\n\r\n',
    );
  });

  it('An answer to HEAD has the length of the body and no body', () => {
    const text = messageText({ status: 200, headers: '', body: 'abc' }, { ...OPTIONS, head: true });
    expect(text).toMatch(/\r\nContent-Length: 3\r\n[^]*\r\n\r\n$/);
  });

  it.each([200, 400, 401, 403, 404, 405, 408, 413, 431, 500, 503])(
    'An answer of status %d has a reason phrase',
    (status) => {
      expect(messageText({ status, headers: '', body: '' }, OPTIONS)).toMatch(
        new RegExp(`^HTTP/1\\.1 ${status} [A-Z][A-Za-z ]+\r\n`),
      );
    },
  );

  it('An answer of an unknown status has an empty reason phrase', () => {
    expect(messageText({ status: 299, headers: '', body: '' }, OPTIONS)).toMatch(/^HTTP\/1\.1 299 \r\n/);
  });

  it('A prepared answer is the same as a new one, whatever the date, the end of the connection and the method', () => {
    const answer = { status: 200, headers: 'Server: EC2ws\r\n', body: 'abc' };
    const often = toBeSentOften(answer);
    for (const more of [
      {},
      {},
      { head: true },
      { keepAliveMs: 0 },
      { date: 'Mon, 23 Nov 2026 07:00:01 GMT' },
      { keepAliveMs: 0, head: true },
      {},
    ]) {
      const options = { ...OPTIONS, ...more };
      expect(messageText(often, options)).toBe(messageText(answer, options));
    }
  });

  it('An answer has one byte for each Latin-1 character of its body', () => {
    const body = Buffer.from('ä').toString('latin1');
    expect(messageText({ status: 200, headers: '', body }, OPTIONS)).toContain('Content-Length: 2\r\n');
  });
});

describe('Answer date', () => {
  it('The date of answers is that of the current second, also after the clock goes back', () => {
    let now = Date.UTC(2026, 10, 23, 7, 0, 0, 999);
    const date = createDate(() => now);
    expect(date()).toBe('Mon, 23 Nov 2026 07:00:00 GMT');
    now += 1;
    expect(date()).toBe('Mon, 23 Nov 2026 07:00:01 GMT');
    now -= 5_000;
    expect(date()).toBe('Mon, 23 Nov 2026 06:59:56 GMT');
  });
});
