import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { callAddress, hostName, integer, ipAddress, listenAddress } from '../../src/flags/kinds.ts';
import { oneOf, pair, path, quoted, text, url } from '../../src/flags/kinds.ts';
import type { ValueKind } from '../../src/flags/kinds.ts';

function read(kind: ValueKind<unknown>, given: string): unknown {
  const parsed = kind.parse(given);
  return 'value' in parsed ? parsed.value : undefined;
}

describe('Listen and call addresses', () => {
  it.each([
    { given: '0.0.0.0:9610', host: '0.0.0.0', port: 9610 },
    { given: 'localhost:9610', host: 'localhost', port: 9610 },
    { given: 'rolegate-server.kube-system:9610', host: 'rolegate-server.kube-system', port: 9610 },
    { given: '[::]:9610', host: '::', port: 9610 },
    { given: '[2001:db8::7]:65535', host: '2001:db8::7', port: 65_535 },
  ])('The address $given is read into its host and port', ({ given, host, port }) => {
    expect(read(listenAddress, given)).toEqual({ host, port });
    expect(read(callAddress, given)).toEqual({ host, port });
  });

  it.each([
    '',
    ':',
    'host',
    '9610',
    '::1:9610',
    '[::1]',
    '[10.0.0.1]:1',
    '[x]:1',
    'a:b',
    'a:65536',
    'a:-1',
    'a b:1',
    'a:1:2',
  ])('The text %j is not an address', (given) => {
    expect([read(listenAddress, given), read(callAddress, given)]).toEqual([undefined, undefined]);
  });

  it('An address to listen on can omit its host or have port 0, and one to call cannot', () => {
    expect(read(listenAddress, ':9620')).toEqual({ host: '0.0.0.0', port: 9620 });
    expect(read(listenAddress, '127.0.0.1:0')).toEqual({ host: '127.0.0.1', port: 0 });
    expect([read(callAddress, ':9620'), read(callAddress, '127.0.0.1:0')]).toEqual([undefined, undefined]);
  });
});

describe('IP address', () => {
  it.each([
    { given: '10.0.0.7', ip: '10.0.0.7' },
    { given: '2001:DB8:0:0::7', ip: '2001:db8::7' },
    { given: '::ffff:10.0.0.7', ip: '10.0.0.7' },
    { given: '::ffff:a00:7', ip: '10.0.0.7' },
    { given: '::1', ip: '::1' },
  ])('The IP address $given is read as $ip', ({ given, ip }) => {
    expect(read(ipAddress, given)).toBe(ip);
  });

  it.each([
    '',
    '10.0.0',
    '10.0.0.256',
    '010.0.0.1',
    '[::1]',
    'fe80::1%eth0',
    'node',
    '10.0.0.7:80',
    '10.0.0.7/24',
  ])('The text %j is not an IP address', (given) => {
    expect(read(ipAddress, given)).toBeUndefined();
  });

  it('An IPv6 address has one form, which is read again unchanged', () => {
    fc.assert(
      fc.property(fc.ipV6(), (ip) => {
        const once = String(read(ipAddress, ip));
        expect(read(ipAddress, once)).toBe(once);
      }),
    );
  });
});

describe('Host name', () => {
  it.each([
    { given: 'Metadata.Example', host: 'metadata.example' },
    { given: 'localhost', host: 'localhost' },
    { given: '[::1]', host: '::1' },
    { given: '127.0.0.1', host: '127.0.0.1' },
  ])('The host name $given is read as $host', ({ given, host }) => {
    expect(read(hostName, given)).toBe(host);
  });

  it.each(['', 'a:80', 'http://a', 'a/b', 'a b', '-a', '[a]', 'a..b'])(
    'The text %j is not a host name',
    (given) => {
      expect(read(hostName, given)).toBeUndefined();
    },
  );
});

describe('URL', () => {
  const kind = url(['https', 'http']);

  it.each([
    { given: 'http://127.0.0.1:4566', value: 'http://127.0.0.1:4566' },
    { given: 'https://sts.example/', value: 'https://sts.example' },
    { given: 'https://Example:443/a/', value: 'https://example/a' },
    { given: 'http://[::1]:80/x', value: 'http://[::1]/x' },
  ])('The URL $given is read as $value', ({ given, value }) => {
    expect(read(kind, given)).toBe(value);
  });

  it.each(['', 'sts', 'ftp://x', '//x', 'http://', 'https://x?y', 'https://x#y', 'https://x?'])(
    'The text %j is not a URL',
    (given) => {
      expect(read(kind, given)).toBeUndefined();
    },
  );

  it('A URL of another scheme is refused with an example of the accepted one', () => {
    expect(url(['http']).parse('https://x')).toEqual({
      fault: '"https://x" is not a URL; write it as http://host:port',
    });
  });

  it('A refused URL does not show its password', () => {
    expect(JSON.stringify(kind.parse('https://user:hunter2@x'))).not.toContain('hunter2');
    expect(JSON.stringify(kind.parse('user:hunter2@'))).not.toContain('hunter2');
  });
});

describe('Other kinds', () => {
  it('Whole numbers are read in digits, within their limits', () => {
    const kind = integer({ min: 1, max: 500 });
    expect(['1', '500', '007'].map((given) => read(kind, given))).toEqual([1, 500, 7]);
    const bad = ['', '0', '501', '1.5', '-1', '1e2', '0x10', ' 1', '9'.repeat(400)];
    expect(bad.map((given) => read(kind, given))).toEqual(bad.map(() => undefined));
  });

  it('Words and their synonyms are read, and a fault names the words', () => {
    const kind = oneOf(['debug', 'info', 'warn'], { warning: 'warn' });
    expect([read(kind, 'info'), read(kind, 'warning')]).toEqual(['info', 'warn']);
    expect(kind.parse('toString')).toEqual({ fault: 'unknown value "toString"; use debug, info or warn' });
  });

  it('A pair needs a key and can have an empty value', () => {
    expect(read(pair('K=V'), 'a=')).toEqual(['a', '']);
    expect([read(pair('K=V'), '=a'), read(pair('K=V'), 'a')]).toEqual([undefined, undefined]);
  });

  it('Text is read by its rule, and paths without NUL', () => {
    expect(text('X', { pattern: /^x$/, is: 'x', hint: 'write x' }).parse('y')).toEqual({
      fault: '"y" is not a valid x; write x',
    });
    expect(read(text(), 'anything')).toBe('anything');
    expect([read(path(), '/a/b'), read(path(), 'a\0b')]).toEqual(['/a/b', undefined]);
  });

  it('Messages cut and escape long values', () => {
    expect(quoted(`\n${'x'.repeat(100)}`)).toBe(`"\\n${'x'.repeat(59)}…"`);
  });

  it('No kind throws on any text', () => {
    const kinds: ValueKind<unknown>[] = [
      listenAddress,
      callAddress,
      hostName,
      ipAddress,
      url(['http']),
      pair('K=V'),
      path(),
    ];
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (given) => {
        for (const kind of kinds) expect(kind.parse(given)).toBeDefined();
      }),
    );
  });
});
