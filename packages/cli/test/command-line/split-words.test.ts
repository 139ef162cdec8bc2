import { describe, expect, it } from 'vitest';
import { splitWords } from '../../src/command-line/split-words.ts';
import { logsFlags } from '../../src/logs/flags.ts';

const split = (line: string) =>
  splitWords(line.split(' '), { flags: logsFlags, shortFlags: { n: 'namespace', f: 'follow', o: 'output' } });

describe('the words of a command line', () => {
  it.each([
    { line: 'cart-0 -n shop', flags: ['--namespace=shop'], words: ['cart-0'] },
    { line: '-nshop -o=json', flags: ['--namespace=shop', '--output=json'], words: [] },
    { line: '-f cart-0 --since 5m', flags: ['--follow', '--since=5m'], words: ['cart-0'] },
    { line: '--since=5m a b', flags: ['--since=5m'], words: ['a', 'b'] },
    { line: '-x --nodes a', flags: ['-x', '--nodes'], words: ['a'] },
    { line: '-n -f', flags: ['--namespace', '--follow'], words: [] },
    { line: '-f -- -n', flags: ['--follow'], words: ['-n'] },
  ])('are separated from its flags: $line', ({ line, flags, words }) => {
    expect(split(line)).toEqual({ flags, words });
  });
});
