import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readImageFlags } from './image-flags.ts';
import { asUserOnly } from '../netns/node-programs.ts';

export type Image = 'agent' | 'server';

/** The output folder of `npm run bundle`. */
export const BUILT_BUNDLES = fileURLToPath(new URL('../../dist/bundle', import.meta.url));

/** The server's own credentials. */
export const OWN_KEY = {
  AWS_ACCESS_KEY_ID: 'AKIAROLEGATESERVER00',
  AWS_SECRET_ACCESS_KEY: 'of the server',
};

/** The command and variables with which the image starts its program. */
export async function imageWords(bundles: string, image: Image) {
  const { node, env } = await readImageFlags(image);
  return { words: [process.execPath, ...node, join(bundles, `${image}.cjs`)], env };
}

/** Drops root and capabilities, unless the chart runs the container as root. The program ends with this process. */
export function asUser(user: number): readonly string[] {
  return ['setpriv', '--pdeathsig=SIGKILL', ...(user === 0 ? [] : asUserOnly(user)), '--'];
}
