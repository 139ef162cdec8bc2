import { describe } from 'vitest';
import { helm } from './rendering.ts';

/** `describe` of what needs helm, which some machines do not have. */
export const withHelm: typeof describe.skip = helm === undefined ? describe.skip : describe;
