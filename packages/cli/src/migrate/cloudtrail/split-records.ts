/** CloudTrail cuts events to 256 KB; a longer record is left out. Bytes. */
const LONGEST_RECORD = 1024 * 1024;
/** `{"Records":[` with white space fits in. Bytes. */
const LONGEST_WRAPPER = 64;
const WRAPPER = /^\{\s*"(?:Records|Events)"\s*:\s*\[/;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
/** What is between records, in `{"Records":[…]}` and in `"NextToken": "…"` after it. */
const BETWEEN = new Set(Buffer.from(' \t\r\n,:[]}'));

/** The file is not what it should be. The message completes "the CloudTrail file …". */
export class NotCloudTrail extends Error {
  override readonly name = 'NotCloudTrail';
}

/** A record; undefined if it is longer than any of CloudTrail's. */
export type RawRecord = Buffer | undefined;

/**
 * Cuts the records out of a stream: `{"Records":[…]}` as CloudTrail writes to S3, several of these one after another, a list, or one
 * record a line. Holds one record and one chunk at a time. Throws NotCloudTrail for anything else.
 */
export async function* splitRecords(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly RawRecord[]> {
  const splitter = createSplitter();
  for await (const chunk of chunks) yield splitter.take(chunk, false);
  yield splitter.take(Buffer.alloc(0), true);
}

function createSplitter() {
  const record = createRecord();
  let carried: Buffer = Buffer.alloc(0);
  let offset = 0;

  return {
    take(chunk: Buffer, isLast: boolean): readonly RawRecord[] {
      const data = carried.length === 0 ? chunk : Buffer.concat([carried, chunk]);
      carried = Buffer.alloc(0);
      const found: RawRecord[] = [];
      let at = 0;
      while (at < data.length) {
        if (record.isOpen()) {
          at = record.read(data, at, found);
        } else if (data[at] === OPEN && data.length - at < LONGEST_WRAPPER && !isLast) {
          // It may be the beginning of a list of records, of which the rest is in the next chunk.
          carried = data.subarray(at);
          break;
        } else {
          at += record.begin(data, at, offset);
        }
      }
      offset += data.length - carried.length;
      if (isLast && offset === 0) throw new NotCloudTrail('is empty');
      if (isLast && record.isOpen())
        throw new NotCloudTrail('ends in the middle of a record; it was not copied completely');
      return found;
    },
  };
}

/** The record, or the text between two records, that is being read. */
function createRecord() {
  let depth = 0;
  let inString = false;
  let escaped = false;
  let parts: Buffer[] | undefined = [];
  let length = 0;

  /** Reads on, to the end of the record or of the data. Returns where it stopped. */
  function read(data: Buffer, from: number, found: RawRecord[]): number {
    for (let at = from; at < data.length; at += 1) {
      const byte = data[at];
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
        if (!inString && depth === 0) return at + 1;
      } else if (byte === QUOTE) inString = true;
      else if (byte === OPEN) depth += 1;
      else if (byte === CLOSE) {
        depth -= 1;
        if (depth > 0) continue;
        keep(data.subarray(from, at + 1));
        found.push(parts?.length === 1 ? parts[0] : parts && Buffer.concat(parts));
        parts = [];
        length = 0;
        return at + 1;
      }
    }
    if (depth > 0) keep(data.subarray(from));
    return data.length;
  }

  function keep(part: Buffer): void {
    length += part.length;
    if (length > LONGEST_RECORD) parts = undefined;
    else parts?.push(Buffer.from(part));
  }

  return {
    isOpen: () => depth > 0 || inString,
    read,
    /** Begins at a byte between two records. Returns how many bytes are done. */
    begin(data: Buffer, at: number, offset: number): number {
      const byte = data[at] ?? 0;
      if (byte === QUOTE) inString = true;
      if (byte === QUOTE || BETWEEN.has(byte)) return 1;
      if (byte !== OPEN) {
        const near = JSON.stringify(data.toString('latin1', at, at + 20));
        throw new NotCloudTrail(`is not a JSON list of events: it has ${near} at byte ${offset + at}`);
      }
      const [wrapper = ''] = WRAPPER.exec(data.toString('latin1', at, at + LONGEST_WRAPPER)) ?? [];
      if (wrapper !== '') return wrapper.length;
      depth = 1;
      keep(data.subarray(at, at + 1));
      return 1;
    },
  };
}
