/** Gives each request an ID: short, and different across restarts. */
export function createRequestIds(randomBytes: (size: number) => Uint8Array): () => string {
  const instance = Buffer.from(randomBytes(4)).toString('hex');
  let last = 0;
  return () => {
    last += 1;
    return `${instance}-${last.toString(36)}`;
  };
}
