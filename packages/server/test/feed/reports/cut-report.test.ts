import { describe, expect, it } from 'vitest';
import { rolegateService } from '@rolegate/protocol';
import type { AgentReport } from '@rolegate/protocol';
import descriptor from '../../../../protocol/src/generated/descriptor.json' with { type: 'json' };
import { cutReport } from '../../../src/feed/reports/cut-report.ts';
import { reportFields } from '../../../src/feed/reports/limits.ts';

const { requestSerialize, requestDeserialize } = rolegateService.Feed;

const bytesOf = (report: AgentReport) => requestSerialize(report);
const read = (bytes: Buffer) => requestDeserialize(cutReport(bytes).bytes);
const texts = (count: number) => Array.from({ length: count }, (_, at) => `s${at}`);

describe('Report bounds', () => {
  it('The limits name every field of the wire format by its number', () => {
    const { fields } = descriptor.nested.rolegate.nested.v1.nested.AgentReport;
    const ours = Object.entries(reportFields).map(([name, { number }]) => [name, number]);
    expect(Object.fromEntries(ours)).toEqual(
      Object.fromEntries(Object.entries(fields).map(([name, { id }]) => [name, id])),
    );
  });

  it('A report within the limits is left unchanged', () => {
    const bytes = bytesOf({ nodeName: 'node-a', version: '1', usedSessionIds: texts(4_096) });
    expect(cutReport(bytes).bytes).toBe(bytes);
  });

  it('A field with too many values keeps the first ones, and the other fields keep all', () => {
    const bytes = Buffer.concat([bytesOf({ usedSessionIds: texts(4_100) }), bytesOf({ nodeName: 'node-a' })]);
    expect(read(bytes)).toMatchObject({ usedSessionIds: texts(4_096), nodeName: 'node-a' });
    expect([...cutReport(bytes).dropped]).toEqual([['usedSessionIds', 4]]);
  });

  it('A value that is too long is dropped, and the values around it are kept', () => {
    const bytes = bytesOf({ usedSessionIds: ['a', 'x'.repeat(65), 'b'], version: 'v'.repeat(1_000_000) });
    expect(read(bytes)).toMatchObject({ usedSessionIds: ['a', 'b'], version: '' });
    expect(new Map(cutReport(bytes).dropped)).toEqual(
      new Map([
        ['version', 1],
        ['usedSessionIds', 1],
      ]),
    );
  });

  it('A field that can occur once keeps its first value', () => {
    const bytes = Buffer.concat([bytesOf({ version: '1' }), bytesOf({ version: '2' })]);
    expect(read(bytes).version).toBe('1');
  });

  it('Fields of later versions are kept for the parser, which skips them', () => {
    const later = Buffer.concat([
      Buffer.of(0xc0, 0x3e, 0x07), // field 1000, a number
      Buffer.of(0xca, 0x3e, 0x01, 0x78), // field 1001, a text
      Buffer.of(0x75, 1, 2, 3, 4, 0x79, 1, 2, 3, 4, 5, 6, 7, 8), // fields 14 and 15, of 4 and 8 bytes
      bytesOf({ version: '1' }),
    ]);
    expect(read(later).version).toBe('1');
  });

  it.each([
    { what: 'a million objects of two bytes', bytes: Buffer.alloc(1_000_000, Buffer.of(0x1a, 0)) },
    { what: 'a field that ends beyond them', bytes: Buffer.of(0x0a, 5, 0x61) },
    { what: 'a number that does not end', bytes: Buffer.of(0x0a, 0x80) },
    { what: 'a number of eleven bytes', bytes: Buffer.concat([Buffer.alloc(10, 0x80), Buffer.of(1, 0)]) },
    { what: 'a group', bytes: Buffer.of(0x73, 0x74) },
    { what: 'nested groups', bytes: Buffer.alloc(60_000, 0x73) },
    { what: 'a number that is said to be a text', bytes: Buffer.of(0x4a, 0x01, 0x00) },
    { what: 'a known field that is said to be a number', bytes: Buffer.of(0x18, 0x02, 0x0a, 0x00) },
    {
      // protobufjs reads its last 32 bits: field 3.
      what: 'a tag of 33 bits',
      bytes: Buffer.of(0x9a, 0x80, 0x80, 0x80, 0x10, 0x00),
    },
    { what: 'a length of 33 bits', bytes: Buffer.of(0x1a, 0x80, 0x80, 0x80, 0x80, 0x10) },
  ])('A report with $what is refused', ({ bytes }) => {
    expect(() => cutReport(bytes)).toThrow();
  });
});
