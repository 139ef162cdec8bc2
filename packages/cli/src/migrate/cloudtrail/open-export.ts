import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { NotCloudTrail } from './split-records.ts';

const CHUNK_BYTES = 256 * 1024;

/** The bytes of a CloudTrail export, decompressed if it is gzip, whatever its name. Throws NotCloudTrail if it cannot be read. */
export async function* openExport(path: string): AsyncGenerator<Buffer> {
  const file = bytesOf(path);
  const [first, rest] = await firstOf(file);
  if (first?.[0] !== 0x1f || first[1] !== 0x8b) {
    if (first !== undefined) yield first;
    yield* rest;
    return;
  }
  try {
    const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
    // An error of the file destroys gunzip, from which it is read.
    yield* pipeline(Readable.from(joined(first, rest)), gunzip, () => undefined) as AsyncIterable<Buffer>;
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))
      throw new NotCloudTrail(`is damaged: gzip says ${error.message}`);
    throw error;
  }
}

async function firstOf(chunks: AsyncIterable<Buffer>): Promise<[Buffer | undefined, AsyncIterable<Buffer>]> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  return [first.done === true ? undefined : first.value, { [Symbol.asyncIterator]: () => iterator }];
}

async function* joined(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

async function* bytesOf(path: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>;
  } catch (error) {
    throw new NotCloudTrail(`cannot be read: ${error instanceof Error ? error.message : 'unknown'}`);
  }
}
