import { reportFields } from './limits.ts';
import type { FieldLimit, ReportField } from './limits.ts';

/** Protocol Buffers, encoding: the wire types that proto3 writes. */
const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;
/** Bytes of a 64-bit number, seven bits each. */
const LONGEST_VARINT = 10;

/** Three times what all limits allow; a report with more is refused. */
const MOST_FIELDS = 32_768;

export interface CutReport {
  /** Without the fields that are too many or too long; the same buffer if there are none. */
  readonly bytes: Buffer;
  /** The number of dropped values, by field. */
  readonly dropped: ReadonlyMap<ReportField, number>;
}

interface KnownField extends FieldLimit {
  readonly name: ReportField;
}

const knownFields: ReadonlyMap<number, KnownField> = new Map(
  Object.entries(reportFields).map(([name, limit]) => [
    limit.number,
    { ...limit, name: name as ReportField },
  ]),
);

/**
 * Limits the memory of a parsed report: two bytes on the wire can become an object of a hundred. Unknown fields of later
 * versions are kept; the parser skips them. Throws if the bytes are not a message, or one on which parsers disagree.
 */
export function cutReport(report: Buffer): CutReport {
  const seen = new Map<ReportField, number>();
  const dropped = new Map<ReportField, number>();
  const parts: Buffer[] = [];
  let partFrom = 0;
  let fields = 0;
  for (let at = 0; at < report.length;) {
    if (++fields > MOST_FIELDS) throw new Error(`the report has more than ${MOST_FIELDS} fields`);
    const field = fieldAt(report, at);
    const known = knownFields.get(field.number);
    if (known !== undefined && !fits(known, field.length, seen)) {
      add(dropped, known.name);
      if (at > partFrom) parts.push(report.subarray(partFrom, at));
      partFrom = field.end;
    }
    at = field.end;
  }
  if (dropped.size === 0) return { bytes: report, dropped };
  return { bytes: Buffer.concat([...parts, report.subarray(partFrom)]), dropped };
}

function fits(known: KnownField, length: number, seen: Map<ReportField, number>): boolean {
  return length <= known.longest && add(seen, known.name) <= known.most;
}

function add(counts: Map<ReportField, number>, name: ReportField): number {
  const count = (counts.get(name) ?? 0) + 1;
  counts.set(name, count);
  return count;
}

interface Field {
  readonly number: number;
  /** Of the value. Bytes. */
  readonly length: number;
  /** The offset of the next field. */
  readonly end: number;
}

function fieldAt(report: Buffer, at: number): Field {
  const tag = varintAt(report, at);
  // protobufjs uses the last 32 bits of a longer tag.
  if (tag.value >= 2 ** 32) throw new Error('a field has too large a number');
  const [number, wireType] = [tag.value >>> 3, tag.value & 7];
  const known = knownFields.get(number);
  const expected = known?.isNumber === true ? VARINT : LENGTH_DELIMITED;
  // protobufjs would read a field of another type all the same.
  if (known !== undefined && wireType !== expected) throw new Error(`field ${number} has another type`);
  const value = valueAt(report, tag.end, wireType);
  if (value.end > report.length) throw new Error('a field ends beyond the report');
  return { number, length: value.length, end: value.end };
}

function valueAt(report: Buffer, at: number, wireType: number): { length: number; end: number } {
  switch (wireType) {
    case VARINT: {
      const { end } = varintAt(report, at);
      return { length: end - at, end };
    }
    case FIXED_64:
      return { length: 8, end: at + 8 };
    case LENGTH_DELIMITED: {
      const { value, end } = varintAt(report, at);
      return { length: value, end: end + value };
    }
    case FIXED_32:
      return { length: 4, end: at + 4 };
    default:
      throw new Error(`a field has wire type ${wireType}`);
  }
}

function varintAt(report: Buffer, at: number): { value: number; end: number } {
  let value = 0;
  for (let read = 0; read < LONGEST_VARINT; read += 1) {
    const byte = report[at + read];
    if (byte === undefined) throw new Error('the report ends in a number');
    // Beyond 2^53 the value is inexact, but such a length is beyond the end of any report.
    value += (byte & 0x7f) * 2 ** (7 * read);
    if (byte < 0x80) return { value, end: at + read + 1 };
  }
  throw new Error('a number is too long');
}
