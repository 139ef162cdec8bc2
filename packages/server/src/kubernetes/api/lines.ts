import type { JsonRead, JsonReader } from '../json/json-reader.ts';

const NEWLINE = 0x0a;

/** A line of a stream, cut down to the needed fields. */
export type Line = JsonRead | (JsonRead & { readonly tooLong: true });

export interface ReadLinesOptions {
  readonly chunks: AsyncIterable<Buffer>;
  readonly json: JsonReader;
  /** The rest of a longer line is skipped. Bytes. */
  readonly longest: number;
}

/**
 * Splits a stream into lines and cuts each down to a shape as it is received; no line is in memory as a whole. Text after the
 * last newline is not a line, because a broken connection leaves half of one.
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

/** The whole stream as one text, up to `longest` bytes. */
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
