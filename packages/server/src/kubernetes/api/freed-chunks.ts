/** Smaller chunks are left to the garbage collector. Bytes. */
const LEAST = 32 * 1024;

/**
 * The chunks of a socket. The memory of a chunk is freed when the next one is requested, because V8 would let 64 MB accumulate
 * and then scan the whole heap. A consumer that keeps a chunk must copy it.
 */
export async function* freedChunks(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let last: ArrayBuffer | undefined;
  for await (const chunk of chunks) {
    const memory = chunk.buffer as ArrayBuffer;
    // One read of the socket can result in several chunks, in order.
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
    // Node's pool for small Buffers cannot be detached.
  }
}
