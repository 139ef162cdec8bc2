import { readFileSync } from 'node:fs';

/** The most that a server accepts together with the certificate request. */
const LARGEST_TOKEN_BYTES = 16_384;
const ONE_WORD = /^[\x21-\x7e]+$/;

/** The token cannot be read. The message names the file and the error, never the content. */
export class TokenFault extends Error {
  override readonly name = 'TokenFault';
}

/** The current token in the file: kubelet replaces it long before it expires. Throws a TokenFault. */
export function readToken(file: string): string {
  const text = read(file).trim();
  if (text === '') throw new TokenFault(`--token-file ${file} is empty`);
  if (text.length > LARGEST_TOKEN_BYTES)
    throw new TokenFault(`--token-file ${file} is over 16 KiB, too long for a token`);
  // Checked here because gRPC's error message would contain the text.
  if (!ONE_WORD.test(text))
    throw new TokenFault(`--token-file ${file} holds more than one word, so it is not a token`);
  return text;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'does not exist: mount a projected token with audience rolegate-server'
        : `cannot be read (${String(code)})`;
    throw new TokenFault(`--token-file ${file} ${why}`);
  }
}
