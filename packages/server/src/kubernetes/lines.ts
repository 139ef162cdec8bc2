/** A line of a stream; one that is too long is passed over and only its place is told. */
export type Line = { readonly text: string } | { readonly tooLong: true };

/**
 * Cuts a stream into its lines. What follows the last newline is not a line: a connection that breaks leaves half of one.
 * `maxLength` counts UTF-16 units.
 */
export async function* readLines(chunks: AsyncIterable<string>, maxLength: number): AsyncGenerator<Line> {
  let parts: string[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
      length += end - from;
      if (length > maxLength) yield { tooLong: true };
      else if (length > 0) yield { text: parts.join('') + chunk.slice(from, end) };
      parts = [];
      length = 0;
      from = end + 1;
    }
    length += chunk.length - from;
    if (length > maxLength) parts = [];
    else if (from < chunk.length) parts.push(chunk.slice(from));
  }
}

/** The whole stream as one text; what is beyond `maxLength` UTF-16 units is not read. */
export async function readText(chunks: AsyncIterable<string>, maxLength: number): Promise<string> {
  const parts: string[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > maxLength) break;
    parts.push(chunk);
  }
  return parts.join('');
}
