import type { JsonRead, JsonReader } from '../json/json-reader.ts';

const NEWLINE = 0x0a;

/** A line of a stream, cut down to what is needed of it. */
export type Line = JsonRead | (JsonRead & { readonly tooLong: true });

export interface ReadLinesOptions {
  readonly chunks: AsyncIterable<Buffer>;
  readonly json: JsonReader;
  /** Of a longer line no more is looked at. Bytes. */
  readonly longest: number;
}

/**
 * Cuts a stream into its lines, and each of them down to a shape as it comes in: no line is ever held whole. What follows
 * the last newline is not a line: a connection that breaks leaves half of one.
 */
export async function* readLines({ chunks, json, longest }: ReadLinesOptions): AsyncGenerator<Line> {
  let length = 0;
  for await (const chunk of chunks) {
    let from = 0;
    while (from < chunk.length) {
      const newline = chunk.indexOf(NEWLINE, from);
      const to = newline < 0 ? chunk.length : newline;
      if (!json.broken) json.push(chunk, from, Math.min(to, from + Math.max(0, longest - length)));
      length += to - from;
      from = to + 1;
      if (newline < 0) continue;
      if (length > longest) yield { ...json.end(), fault: 'it is too long', tooLong: true };
      else if (length > 0) yield json.end();
      length = 0;
    }
  }
}

/** The whole stream as one text; what is beyond `longest` bytes is not read. */
export async function readText(chunks: AsyncIterable<Buffer>, longest: number): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > longest) break;
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString();
}
