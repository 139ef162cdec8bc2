import { readFileSync } from 'node:fs';

/** What a server takes at most, with the certificate request. */
const LARGEST_TOKEN_BYTES = 16_384;
const ONE_WORD = /^[\x21-\x7e]+$/;

/** The token cannot be read. The message names the file and the fault, never what is in it. */
export class TokenFault extends Error {
  override readonly name = 'TokenFault';
}

/** The token as it is in the file now: kubelet writes a new one long before the old one ends. Throws a TokenFault. */
export function readToken(file: string): string {
  const text = read(file).trim();
  if (text === '') throw new TokenFault(`--token-file ${file} is empty`);
  if (text.length > LARGEST_TOKEN_BYTES) throw new TokenFault(`--token-file ${file} is over 16 kB: no token`);
  // Said here, without the text: gRPC would say it with the text.
  if (!ONE_WORD.test(text)) throw new TokenFault(`--token-file ${file} holds more than one word: no token`);
  return text;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'is not there: mount a projected token with audience rolegate-server'
        : `cannot be read (${String(code)})`;
    throw new TokenFault(`--token-file ${file} ${why}`);
  }
}
