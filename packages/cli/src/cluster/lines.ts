const NEWLINE = 0x0a;

/** A line of a stream. The part beyond the limit was not kept. */
export interface Line {
  readonly text: string;
  /** Bytes that were left out. */
  readonly leftOut: number;
}

/**
 * Splits a stream into lines of at most `longest` bytes; the rest of a longer line is skipped. Yields the lines that end
 * in a chunk together, because a promise for each line would be most of the work.
 */
export async function* readLines(
  chunks: AsyncIterable<Buffer>,
  longest: number,
): AsyncGenerator<readonly Line[]> {
  /** The begin of a line whose end has not come yet. */
  let parts: Buffer[] = [];
  let length = 0;

  function keep(chunk: Buffer, from: number): void {
    const room = longest - length;
    // Copied, because a part of a chunk would keep the whole chunk in memory.
    if (room > 0) parts.push(Buffer.from(chunk.subarray(from, Math.min(chunk.length, from + room))));
    length += chunk.length - from;
  }

  function end(chunk: Buffer, from: number, to: number): Line {
    if (length === 0) return lineOf(chunk, from, to, longest);
    keep(chunk.subarray(0, to), from);
    const whole = Buffer.concat(parts);
    const line = { ...lineOf(whole, 0, whole.length, longest), leftOut: Math.max(0, length - longest) };
    parts = [];
    length = 0;
    return line;
  }

  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      if (length > 0 || at > from) lines.push(end(chunk, from, at));
      from = at + 1;
    }
    if (from < chunk.length) keep(chunk, from);
    if (lines.length > 0) yield lines;
  }
  if (length > 0) yield [end(Buffer.alloc(0), 0, 0)];
}

function lineOf(bytes: Buffer, from: number, to: number, longest: number): Line {
  const text = bytes.toString('utf8', from, Math.min(to, from + longest));
  return { text: text.endsWith('\r') ? text.slice(0, -1) : text, leftOut: Math.max(0, to - from - longest) };
}
