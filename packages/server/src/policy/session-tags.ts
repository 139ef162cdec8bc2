import { parseJson } from '@rolegate/runtime';
import type { Parsed } from './annotation-text.ts';
import { oddity, quote } from './quote.ts';
import { remember } from './remember.ts';
import { cut, renderTemplate } from './template.ts';
import type { TemplateValues } from './template.ts';

/** Keys and values, as in Session. */
export type Tags = readonly (readonly [key: string, value: string])[];

/** Limits of STS (IAM user guide, "Pass session tags in AWS STS"). */
const MOST_TAGS = 50;
const LONGEST_KEY = 128;
const LONGEST_VALUE = 256;
const CHARS = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const NOT_CHARS = /[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu;

/** Cache size for recently parsed texts and their tags. Bytes. */
const REMEMBERED_BYTES = 8 * 1024 * 1024;
/** The size of parsed tags for each character of their text. Bytes. */
const PARSED_BYTES = 8;

export type ParseTags = (text: string) => Parsed<Tags>;

/** Caches parsed texts, because a Deployment's Pods all have the same. `serverTags`: how many tags the server sets. */
export function createSessionTags(serverTags: number): ParseTags {
  const weigh = (_: unknown, text: string) => PARSED_BYTES * text.length;
  return remember({ bytes: REMEMBERED_BYTES, weigh }, (text) => parseSessionTags(text, serverTags));
}

/** `rolegate.dev/session-tags`: a JSON object of strings that STS accepts together with the server's tags. */
function parseSessionTags(text: string, serverTags: number): Parsed<Tags> {
  const object = parseJson(text);
  if (typeof object !== 'object' || object === null || Array.isArray(object)) {
    const what = object === undefined ? 'is not JSON' : 'is not a JSON object';
    return { fault: `${what}: an object like {"team":"a"} is expected` };
  }
  const entries = Object.entries(object) as [string, unknown][];
  if (entries.length + serverTags > MOST_TAGS)
    return { fault: `has too many tags; STS accepts ${MOST_TAGS} in all` };
  const tags: [string, string][] = [];
  for (const [key, value] of entries) {
    if (typeof value !== 'string')
      return { fault: `has a value that is not a string, for the key ${quote(key)}` };
    const fault = keyFault(key) ?? valueFault(key, value);
    if (fault !== undefined) return { fault };
    tags.push([key, value]);
  }
  if (new Set(tags.map(([key]) => fold(key))).size < tags.length) {
    return { fault: 'has keys that differ only in case, which STS treats as equal' };
  }
  return { value: tags };
}

/** What is wrong with a tag key; undefined if it is valid. */
export function keyFault(key: string): string | undefined {
  if (key === '' || key.length > LONGEST_KEY) {
    return `has a key of ${key.length} characters; STS accepts 1 to ${LONGEST_KEY}`;
  }
  if (!CHARS.test(key))
    return `has the key ${quote(key)}${oddity(key)} with characters that STS does not accept`;
  return fold(key).startsWith('aws:') ? `has the key ${quote(key)}; the prefix aws: is reserved` : undefined;
}

/** The tags of a session, sorted by key. No Pod can override the server's tags. */
export function sessionTags(
  templates: Readonly<Record<string, string>>,
  values: TemplateValues,
  ofPod: Tags,
): Tags {
  const ofServer = Object.entries(templates).map(
    ([key, template]) => [key, legalValue(renderTemplate(template, values))] as const,
  );
  const others = ofPod.filter(([key]) => !hasKey(templates, key));
  return [...ofServer, ...others].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** STS treats keys that differ only in case as equal. */
export function hasKey(templates: Readonly<Record<string, string>>, key: string): boolean {
  return Object.keys(templates).some((own) => fold(own) === fold(key));
}

function valueFault(key: string, value: string): string | undefined {
  if (value.length > LONGEST_VALUE) {
    return `has a value of ${value.length} characters for the key ${quote(key)}; STS accepts ${LONGEST_VALUE}`;
  }
  return CHARS.test(value)
    ? undefined
    : `has a value${oddity(value)} with characters that STS does not accept, for the key ${quote(key)}`;
}

function legalValue(text: string): string {
  return cut(text.replace(NOT_CHARS, '-'), LONGEST_VALUE, text);
}

function fold(key: string): string {
  return key.toLowerCase();
}
