import { describe } from 'vitest';
import { helm } from './rendering.ts';

/** `describe` for tests that need helm. Skipped if it is not installed. */
export const withHelm: typeof describe.skip = helm === undefined ? describe.skip : describe;
