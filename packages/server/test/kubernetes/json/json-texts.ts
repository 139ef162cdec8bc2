import fc from 'fast-check';
import type { Shape } from '../../../src/kubernetes/json/shape.ts';

/** Keys that the shapes of objects know, and such as look like them. */
const KEYS = [
  'metadata',
  'annotations',
  'labels',
  'managedFields',
  'name',
  'uid',
  'spec',
  'status',
  'podIPs',
  'ip',
  'hostNetwork',
  'iam.amazonaws.com/role',
  'iam.amazonaws.com/rol',
  'kubectl.kubernetes.io/last-applied-configuration',
  '"name',
  'na\\me',
  '',
];

/** A lookalike of what is read, as a text in a text. */
const LOOKALIKE = JSON.stringify({
  metadata: { name: 'evil', annotations: { 'iam.amazonaws.com/role': 'evil' } },
});

type Written = string;

function quoted(text: string, escapes: readonly boolean[]): Written {
  const units = Array.from(JSON.stringify(text).slice(1, -1));
  // Characters that JSON.stringify has escaped stay as they are.
  if (units.includes('\\')) return `"${units.join('')}"`;
  return `"${units.map((unit, at) => (escapes[at % escapes.length] === true ? escaped(unit) : unit)).join('')}"`;
}

function escaped(character: string): Written {
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('');
}

const escapes = fc.array(fc.boolean(), { minLength: 1, maxLength: 5 });
const space = fc.constantFrom('', '', '', ' ', '\t', '\r\n ');
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.nat(70).map((size) => 'x'.repeat(size)),
  fc.nat(40).map((size) => '\u{1f600}'.repeat(size)),
  fc.nat(60).map((size) => '\u00e9'.repeat(size)),
  fc.nat(40).map((size) => '\u20ac'.repeat(size)),
  fc.constantFrom(LOOKALIKE, '\\', '"', '\\"}', '{', '[', ']}'),
);

/** JSON texts of the shape of objects, with keys twice, in any order, escaped, and other types than expected. */
export const jsonText: fc.Arbitrary<Written> = fc.letrec<{ value: Written }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.tuple(text, escapes).map(([value, how]) => quoted(value, how)),
    fc.constantFrom('null', 'true', 'false', '0', '-1.5e3', '12345678901234567890'),
    fc
      .tuple(fc.array(fc.tuple(fc.constantFrom(...KEYS), escapes, tie('value')), { maxLength: 8 }), space)
      .map(
        ([members, gap]) =>
          `{${members.map(([key, how, value]) => `${gap}${quoted(key, how)}${gap}:${gap}${value}${gap}`).join(',')}}`,
      ),
    fc
      .tuple(fc.array(tie('value'), { maxLength: 5 }), space)
      .map(([items, gap]) => `[${gap}${items.join(`${gap},${gap}`)}${gap}]`),
  ),
})).value;

/** What is to be kept of a parsed text, said without bytes. */
export function project(value: unknown, shape: Shape): unknown {
  if ('longest' in shape) {
    if (typeof value === 'object') return null;
    const size = typeof value === 'string' ? Buffer.byteLength(value) : 0;
    return size > shape.longest ? { tooLong: size } : value;
  }
  if ('each' in shape) {
    const { each } = shape;
    return Array.isArray(value) ? value.slice(0, 64).map((item) => project(item, each)) : null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const { members } = shape;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => {
      const inner = Object.hasOwn(members, key) ? members[key] : undefined;
      return inner === undefined ? [] : [[key, project(member, inner)]];
    }),
  );
}
