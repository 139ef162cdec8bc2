const NEWLINE = 0x0a;

export interface LinesDeps {
  /** In bytes, without the newline. */
  readonly longest: number;
  /** A line, without its newline. */
  readonly line: (text: string) => void;
  /** The rest of the stream cannot be trusted. */
  readonly tooLong: () => void;
}

/** Splits a stream of bytes into lines of UTF-8, across chunk boundaries. */
export function createLines({ longest, line, tooLong }: LinesDeps): (chunk: Buffer) => void {
  let parts: Buffer[] = [];
  let size = 0;

  /** False: the line is too long. */
  function keep(part: Buffer): boolean {
    size += part.length;
    const fits = size <= longest;
    if (fits) parts.push(part);
    else parts = [];
    return fits;
  }

  return (chunk) => {
    let start = 0;
    while (start < chunk.length) {
      const end = chunk.indexOf(NEWLINE, start);
      if (!keep(chunk.subarray(start, end === -1 ? chunk.length : end))) {
        tooLong();
        return;
      }
      if (end === -1) return;
      const text = Buffer.concat(parts).toString('utf8');
      parts = [];
      size = 0;
      start = end + 1;
      line(text);
    }
  };
}
