import { expect, it } from 'vitest';
import { roughly, textFacts, textTable } from '@rolegate/runtime';

it('A table has columns as wide as they need, and a dash for an empty cell', () => {
  const rows = [
    ['shop/cart', 'ok', ''],
    ['a/b', 'NamespaceDenied', 'why'],
  ];
  expect(textTable(['POD', 'STATE', 'NOTE'], rows)).toBe(
    [
      'POD        STATE            NOTE',
      'shop/cart  ok               -',
      'a/b        NamespaceDenied  why',
      '',
    ].join('\n'),
  );
});

it('Facts stand in one column, and unknown ones are left out', () => {
  expect(
    textFacts([
      ['node', 'a'],
      ['feed', undefined],
      ['interception', 'ok'],
    ]),
  ).toBe('node          a\ninterception  ok\n');
});

it('Control characters from annotations and peers are escaped for the terminal', () => {
  expect(textFacts([['why', 'a\nb\u001b[2J']])).toBe('why  a\\u000ab\\u001b[2J\n');
  expect(textTable(['X'], [['\u001b]0;x\u0007']])).toBe('X\n\\u001b]0;x\\u0007\n');
});

it.each([
  { ms: -5, text: '0s' },
  { ms: 999, text: '0s' },
  { ms: 61_500, text: '1m1s' },
  { ms: 3_600_000 + 125_000, text: '1h2m' },
])('The time of $ms ms is shown as $text', ({ ms, text }) => {
  expect(roughly(ms)).toBe(text);
});
