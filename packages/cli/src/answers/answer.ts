import { parseJson } from '@rolegate/runtime';
import { fields } from './fields.ts';

/** What a program answered, or why there is no answer. */
export type Answer<T> = { readonly value: T } | { readonly fault: string };

/** A longer answer is not parsed. Characters. */
export const LONGEST_ANSWER = 8 * 1024 * 1024;

/** The value, or undefined if there is none. */
export function valueOf<T>(answer: Answer<T> | undefined): T | undefined {
  return answer !== undefined && 'value' in answer ? answer.value : undefined;
}

/** Why there is no value; undefined if there is one. */
export function faultOf(answer: Answer<unknown> | undefined): string | undefined {
  return answer !== undefined && 'fault' in answer ? answer.fault : undefined;
}

/** Reads the JSON that a status command prints: one object, or an array of them. */
export function readObjects<T>(
  output: string,
  read: (object: Readonly<Record<string, unknown>>) => T,
  most: number,
): Answer<readonly T[]> {
  if (output.length > LONGEST_ANSWER)
    return { fault: `the answer is longer than ${LONGEST_ANSWER} characters` };
  const parsed = parseJson(output);
  const objects = (Array.isArray(parsed) ? parsed.slice(0, most) : [parsed]).flatMap((one: unknown) => {
    const object = fields(one);
    return object === undefined ? [] : [object];
  });
  return objects.length === 0 ? { fault: 'the answer is not a JSON object' } : { value: objects.map(read) };
}

/** Like `readObjects`, for answers that are one object. */
export function readObject<T>(
  output: string,
  read: (object: Readonly<Record<string, unknown>>) => T,
): Answer<T> {
  const all = readObjects(output, read, 1);
  if ('fault' in all) return all;
  const [first] = all.value;
  return first === undefined ? { fault: 'the answer is empty' } : { value: first };
}
