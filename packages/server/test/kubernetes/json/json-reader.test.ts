import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { createJsonReader } from '../../../src/kubernetes/json/json-reader.ts';
import type { JsonRead, JsonReader } from '../../../src/kubernetes/json/json-reader.ts';
import { object, scalar } from '../../../src/kubernetes/json/shape.ts';
import { jsonText, project } from './json-texts.ts';

const S = scalar(40);
const ITEM = object({
  metadata: object({ name: S, uid: S, annotations: object({ 'iam.amazonaws.com/role': S }) }),
  spec: object({ hostNetwork: S }),
  status: object({ podIPs: { each: object({ ip: S }) } }),
});
const LIST = object({ items: { each: ITEM, oneByOne: true }, metadata: object({ name: S }) });
/** Longer than any text of these tests. */
const LONG = 1024 * 1024;

function read(reader: JsonReader, text: string | Uint8Array, size = LONG): JsonRead {
  let rest = Buffer.from(text);
  for (; rest.length > 0; rest = Buffer.from(rest.subarray(size)))
    reader.push(rest, 0, Math.min(size, rest.length));
  return reader.end();
}

describe('JSON reader', () => {
  it('A text is read the same whether it is parsed whole or cut, and wherever its chunks end', () => {
    const whole = createJsonReader({ shape: ITEM, wholeBytes: LONG });
    const some = createJsonReader({ shape: ITEM, wholeBytes: 40 });
    const cut = createJsonReader({ shape: ITEM, wholeBytes: 0 });
    fc.assert(
      fc.property(jsonText, fc.integer({ min: 1, max: 50 }), (text, size) => {
        const expected = { value: project(JSON.parse(text), ITEM) };
        expect(read(whole, text, size)).toEqual(expected);
        expect(read(some, text, size)).toEqual(expected);
        expect(read(cut, text, size)).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('An invalid text has the same fault whether it is parsed whole or cut, and the next one is read', () => {
    const whole = createJsonReader({ shape: ITEM, wholeBytes: LONG });
    const cut = createJsonReader({ shape: ITEM, wholeBytes: 0 });
    const broken = fc.oneof(
      fc.tuple(jsonText, fc.nat()).map(([text, at]) => text.slice(0, at % text.length)),
      fc.tuple(jsonText, fc.constantFrom('}', ']', ',', '"', 'x')).map(([text, more]) => text + more),
      fc.uint8Array({ maxLength: 40 }),
    );
    fc.assert(
      fc.property(broken, (text) => {
        const told = read(whole, text);
        expect(told).toEqual(read(cut, text));
        expect(read(whole, '{"spec":{"hostNetwork":true,"x":1}}')).toEqual({
          value: { spec: { hostNetwork: true } },
        });
        read(cut, '{}');
      }),
    );
  });

  it.each([{ wholeBytes: LONG }, { wholeBytes: 20 }])(
    'The reader passes on the items of a list one by one if up to $wholeBytes bytes are parsed whole',
    ({ wholeBytes }) => {
      const items: unknown[] = [];
      const reader = createJsonReader({ shape: LIST, wholeBytes, item: (value) => items.push(value) });
      const page = '{"items":[{"spec":{"hostNetwork":1,"x":2}},null,7,{}],"metadata":{"name":"n","x":1}}';
      expect(read(reader, page, 7)).toEqual({ value: { items: [], metadata: { name: 'n' } } });
      expect(items).toEqual([{ spec: { hostNetwork: 1 } }, null, null, {}]);
    },
  );

  it('The reader reports an invalid text as broken as soon as it is too long to be parsed whole', () => {
    const reader = createJsonReader({ shape: ITEM, wholeBytes: 10 });
    reader.push(Buffer.from('{"a":1}}'), 0, 8);
    expect(reader.broken).toBe(false);
    reader.push(Buffer.from('     '), 0, 5);
    expect(reader.broken).toBe(true);
    expect(reader.end()).toMatchObject({ fault: 'it has trailing text' });
    expect(reader.broken).toBe(false);
  });
});
