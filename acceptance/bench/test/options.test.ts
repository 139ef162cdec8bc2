import { describe, expect, it } from 'vitest';
import { parseOptions, partNames } from '../options.ts';

describe('parseOptions', () => {
  it('All parts but the one on request run in order by default, and selected parts keep that order', () => {
    expect(parseOptions([]).only).toEqual(partNames.filter((name) => name !== 'scale'));
    expect(parseOptions(['--only', 'scale', '--only', 'warm']).only).toEqual(['warm', 'scale']);
    expect(parseOptions(['--only', 'node', '--only', 'warm']).only).toEqual(['warm', 'node']);
  });

  it('--quick makes one short round and overrides --rounds and --idle-seconds', () => {
    expect(parseOptions(['--quick', '--rounds', '5', '--idle-seconds', '600'])).toMatchObject({
      rounds: 1,
      idleSeconds: 2,
    });
    expect(parseOptions(['--rounds', '5', '--idle-seconds', '600'])).toMatchObject({
      rounds: 5,
      idleSeconds: 600,
    });
  });

  it('--nodes sizes the clusters of the part "scale", which --quick makes small', () => {
    expect(parseOptions([]).nodes).toEqual([5_000]);
    expect(parseOptions(['--nodes', '50', '--nodes', '500']).nodes).toEqual([50, 500]);
    expect(parseOptions(['--nodes', '50', '--quick']).nodes).toEqual([20]);
  });

  it.each([
    [['--nodes', '0'], '--nodes 0: not a whole number'],
    [['--only', 'cold'], '--only cold: there is exec, '],
    [['--rounds', '0'], '--rounds 0: not a whole number'],
    [['--idle-seconds', '1.5'], '--idle-seconds 1.5: not a whole number'],
    [['--fast'], "Unknown option '--fast'"],
    [['--only', 'exec', '--against', 'http://127.0.0.1:1'], '--against needs the part "warm"'],
  ])('The options %j are refused with a reason', (words, why) => {
    expect(() => parseOptions(words)).toThrow(why);
  });

  it('Each --against endpoint takes the options that follow it', () => {
    const words = [
      '--against',
      'http://127.0.0.1:8181',
      '--against-pid',
      '42',
      '--against=http://127.0.0.2/',
    ];
    words.push('--against-path', '/latest/x', '--against-source=127.9.0.2');
    expect(parseOptions(words).against).toEqual([
      {
        url: 'http://127.0.0.1:8181',
        host: '127.0.0.1',
        port: 8181,
        path: undefined,
        source: undefined,
        pid: 42,
      },
      {
        url: 'http://127.0.0.2',
        host: '127.0.0.2',
        port: 80,
        path: '/latest/x',
        source: '127.9.0.2',
        pid: undefined,
      },
    ]);
  });

  it('The same --against endpoint cannot be given twice', () => {
    const words = ['--against', 'http://127.0.0.1:8181', '--against', 'http://127.0.0.1:8181/'];
    expect(() => parseOptions(words)).toThrow('given twice');
  });

  it('--against options without an endpoint are refused', () => {
    expect(() => parseOptions(['--against-pid', '42'])).toThrow('there is no --against URL before it');
  });
});

describe('the address of --against', () => {
  it.each([
    'http://169.254.169.254',
    'http://[fd00:ec2::254]',
    'http://[::1]:8181',
    'http://198.18.0.1',
    'http://localhost:8181',
    'http://instance-data',
    'http://127.0.0.1.example.com',
    'http://2852039166', // 169.254.169.254 in another spelling
    'http://[::ffff:169.254.169.254]',
    'http://0.0.0.0:8181',
  ])('--against refuses %s because it is not an address in 127.0.0.0/8', (url) => {
    expect(() => parseOptions(['--against', url])).toThrow('load goes to loopback only');
  });

  it.each([
    'https://127.0.0.1',
    '127.0.0.1:8181',
    'http://127.0.0.1/latest',
    'http://169.254.169.254@127.0.0.1/',
    'http://127.0.0.1/?to=1',
  ])('--against refuses %s because it is not a plain http://address:port URL', (url) => {
    expect(() => parseOptions(['--against', url])).toThrow('not of the form http://127.0.0.1:8181');
  });

  it('--against accepts any address in 127.0.0.0/8, in any spelling of the URL standard', () => {
    expect(parseOptions(['--against', 'http://127.1:8181']).against[0]?.host).toBe('127.0.0.1');
    expect(parseOptions(['--against', 'http://127.255.0.9']).against[0]?.host).toBe('127.255.0.9');
  });

  it.each([
    ['--against-source', '198.18.0.1'],
    ['--against-source', '127.0.0.256'],
    ['--against-source', '127.1'],
    ['--against-path', 'latest'],
    ['--against-path', '/a b'],
    ['--against-path', '/a\r\nHost: other'],
    ['--against-pid', '0'],
    ['--against-pid', '-1'],
    ['--against-pid', '1/../2'],
  ])('%s refuses the value %j', (flag, value) => {
    expect(() => parseOptions(['--against', 'http://127.0.0.1', `${flag}=${value}`])).toThrow(flag);
  });
});
