import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readImageFlags } from './image-flags.ts';
import { asUserOnly } from '../netns/node-programs.ts';

export type Image = 'agent' | 'server';

/** Where `npm run bundle` puts the programs. */
export const BUILT_BUNDLES = fileURLToPath(new URL('../../dist/bundle', import.meta.url));

/** The credentials of the server's own. */
export const OWN_KEY = {
  AWS_ACCESS_KEY_ID: 'AKIAROLEGATESERVER00',
  AWS_SECRET_ACCESS_KEY: 'of the server',
};

/** Enough CPU for a program whatever the attacker does: the charts request a share of their own. */
export const PROGRAM_WEIGHT = 200;

/** The words that start a program as its image does, and the variables that it sets. */
export async function imageWords(bundles: string, image: Image) {
  const { node, env } = await readImageFlags(image);
  return { words: [process.execPath, ...node, join(bundles, `${image}.cjs`)], env };
}

/** Without root and without capabilities, unless the chart has it so; and not longer than this process, however that ends. */
export function asUser(user: number): readonly string[] {
  return ['setpriv', '--pdeathsig=SIGKILL', ...(user === 0 ? [] : asUserOnly(user)), '--'];
}
