/** Smaller ones are left to the garbage collector. Bytes. */
const LEAST = 32 * 1024;

/**
 * The chunks of a socket, whose memory is freed as soon as the next one is asked for, that of the last one too: V8 would let
 * 64 MB of it gather, and then look through the whole heap. Who keeps a chunk must copy it.
 */
export async function* freedChunks(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let last: ArrayBuffer | undefined;
  for await (const chunk of chunks) {
    const memory = chunk.buffer as ArrayBuffer;
    // One read of the socket may come as several chunks, in order.
    if (last !== undefined && last !== memory) free(last);
    last = memory.byteLength >= LEAST ? memory : undefined;
    yield chunk;
  }
  if (last !== undefined) free(last);
}

function free(memory: ArrayBuffer): void {
  try {
    memory.transfer(0);
  } catch {
    // What Node shares between small Buffers cannot be taken away from them: it says so.
  }
}
