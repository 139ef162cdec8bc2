import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { createJsonCut } from '../../../src/kubernetes/json/json-cut.ts';
import { object, scalar } from '../../../src/kubernetes/json/shape.ts';
import { jsonText, project } from './json-texts.ts';

const S = scalar(40);
const SHAPE = object({
  metadata: object({ name: S, uid: S, annotations: object({ 'iam.amazonaws.com/role': S }) }),
  spec: object({ hostNetwork: S }),
  status: object({ podIPs: { each: object({ ip: S }) } }),
});

function cutOf(text: string, sizes: readonly number[] = []) {
  const cut = createJsonCut(SHAPE);
  let rest = Buffer.from(text);
  for (const size of [...sizes, rest.length]) {
    cut.push(rest, 0, Math.min(size, rest.length));
    // A copy: nothing may be taken from where the former chunk was.
    rest = Buffer.from(rest.subarray(size));
  }
  return cut.end();
}

describe('JSON cutter', () => {
  it('The cutter keeps the fields that JSON.parse finds in a text, wherever the text is split into chunks', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 });
    fc.assert(
      fc.property(jsonText, sizes, (text, chunks) => {
        const cut = cutOf(text, chunks);
        expect('fault' in cut ? cut.fault : JSON.parse(cut.text)).toEqual(project(JSON.parse(text), SHAPE));
      }),
      { numRuns: 3000 },
    );
  });

  it('A truncated text is invalid, and what is kept of it is JSON', () => {
    const objectText = jsonText.filter((text) => text.startsWith('{'));
    fc.assert(
      fc.property(objectText, fc.nat(), (text, at) => {
        const cut = cutOf(text.slice(0, at % text.length));
        expect(cut).toHaveProperty('fault');
        if (cut.text !== '') JSON.parse(cut.text);
      }),
    );
  });

  it('The cutter never throws, whatever the bytes, and reads the next text', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (texts) => {
        const cut = createJsonCut(SHAPE);
        for (const bytes of texts) {
          cut.push(Buffer.from(bytes), 0, bytes.length);
          cut.end();
        }
        cut.push(Buffer.from('{"spec":{"hostNetwork":true}}'), 0, 29);
        expect(cut.end()).toEqual({ text: '{"spec":{"hostNetwork":true}}' });
      }),
    );
  });

  it.each([
    { text: '{"a":1}}', fault: 'it has trailing text' },
    { text: '{"a" 1}', fault: 'it is not JSON' },
    { text: '{"a":}', fault: 'a value is missing' },
    { text: '{a:1}', fault: 'it is not JSON' },
    { text: '{"a":1,]', fault: 'it is not JSON' },
    { text: `{"a":${'1'.repeat(100)}}`, fault: 'a value is not JSON' },
    { text: '', fault: 'it is incomplete' },
  ])('The text "$text" is invalid because $fault', ({ text, fault }) => {
    expect(cutOf(text)).toMatchObject({ fault });
  });

  it('The cutter keeps at most 64 items of a list', () => {
    const ips = JSON.stringify(Array.from({ length: 70 }, (_, at) => ({ ip: `${at}` })));
    const kept = JSON.parse(cutOf(`{"status":{"podIPs":${ips}}}`).text) as { status: { podIPs: unknown[] } };
    expect(kept.status.podIPs).toHaveLength(64);
  });

  it('A text is invalid if its kept fields are too large together, even if each is within its limit', () => {
    const twice = `"spec":{"hostNetwork":"${'x'.repeat(40)}"}`;
    expect(cutOf(`{${Array.from({ length: 40_000 }, () => twice).join(',')}}`)).toMatchObject({
      fault: 'its fields are too large',
    });
  });

  it('A million nested brackets are skipped without a stack overflow', () => {
    const deep = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`;
    expect(cutOf(`{"x":${deep},"spec":{"hostNetwork":false}}`)).toEqual({
      text: '{"spec":{"hostNetwork":false}}',
    });
  });

  it('The cutter passes on the items of a list one by one', () => {
    const items: string[] = [];
    const shape = object({ items: { each: SHAPE, oneByOne: true }, metadata: object({ uid: S }) });
    const cut = createJsonCut(shape, (text) => items.push(text));
    const page = Buffer.from('{"items":[{"spec":{"hostNetwork":1}},null,7,{}],"metadata":{"uid":"u"}}');
    cut.push(page, 0, page.length);
    expect(items).toEqual(['{"spec":{"hostNetwork":1}}', 'null', 'null', '{}']);
    expect(cut.end()).toEqual({ text: '{"items":[],"metadata":{"uid":"u"}}' });
  });
});
