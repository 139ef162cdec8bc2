import type { Situation } from './setup.ts';
import { ALLOWED_ROLES, PERMITTED, ROLE } from './setup.ts';

const EXTERNAL_ID = 'iam.amazonaws.com/external-id';
const TAGS = 'rolegate.dev/session-tags';
const PERMITTED_IDS = 'rolegate.dev/permitted-external-ids';
const PERMITTED_TAGS = 'rolegate.dev/permitted-session-tags';

/** The longest name that IAM allows, and a typical one. */
const LONG = `${'a/'.repeat(255)}${'a'.repeat(64)}`;
const USUAL = 'a'.repeat(40);
const LONG_ID = `${'a'.repeat(1223)}c`;

/** 50 keys of 128 characters. */
const tags = JSON.stringify(
  Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`${'a'.repeat(125)}${i + 100}`, 'v'])),
);

/** Repeats `unit` as often as `bytes` allow. */
export function filled(unit: string, bytes: number): string {
  return unit.repeat(Math.floor(bytes / Buffer.byteLength(unit)));
}

/** A list of 64 kB of such patterns, no two of them alike. */
function listOf(pattern: (i: number) => string): string {
  const patterns: string[] = [];
  let bytes = 2;
  for (let i = 0; bytes < 65_400; i++) {
    const one = pattern(i);
    bytes += one.length + 3;
    patterns.push(one);
  }
  if (bytes > 65_536) patterns.pop();
  return JSON.stringify(patterns);
}

const digits = (i: number) => i.toString(36);

/** Patterns that cost the most for their length. */
const patterns: Readonly<Record<string, (i: number) => string>> = {
  'one long glob each': (i) => `*${'a'.repeat(400)}b${digits(i)}*`,
  'short globs': (i) => `*b${digits(i)}*`,
  'stars all over': (i) => `${'*a'.repeat(200)}*b${digits(i)}*`,
  'question marks': (i) => `*${'a?'.repeat(150)}b${digits(i)}*`,
  'names that differ at their end': (i) => `${'a'.repeat(100)}${digits(i)}?`,
  'globs that differ at their start': (i) => `*${digits(i)}${'a'.repeat(30)}`,
  'exact names': (i) => `${'a'.repeat(40)}${digits(i)}`,
};

const expressions: Readonly<Record<string, string>> = {
  stars: filled('.*a', 1536),
  'optional letters of any kind': `(?s)${filled('a?.?()', 1530)}`,
  'half of it optional': `(?s)${filled('a?.?()', 1530)}${filled('x', 2500)}`,
  'captured alternatives of stars': filled('(.*a|.*b)', 4096),
  'dots between stars': filled('.*a.', 4096),
  'alternatives with stars': filled('a|a*', 4096),
  'optional letters': filled('(?:a?)', 4096),
  'letters and stars': filled('(a|b)?c*', 4096),
  'classes without case': `(?i)${filled('\\pL*', 4092)}`,
  'few classes without case': `(?i)${'\\PL*'.repeat(32)}${filled('.*k', 3900)}`,
  'wide ranges without case': `(?i)${filled('[B-\u{1e941}]', 4092)}`,
  'numbered ranges without case': `(?i)${filled('[\\x{42}-\\x{1e941}]', 4092)}`,
  classes: filled('\\p{L}|\\p{Lu}|', 4096),
  'repeated classes': '[a-z]{1,400}'.repeat(9),
  'nested groups': `${'('.repeat(900)}a${')'.repeat(900)}`,
  'word boundaries': filled('.*\\b', 4096),
};

export interface WorstCase extends Situation {
  readonly what: string;
}

/** Decisions on the most expensive texts within the limits of DESIGN.md 4.11. */
export const worstCases: readonly WorstCase[] = [
  ...Object.entries(expressions).flatMap(([what, expression]) =>
    [USUAL, LONG].map((role) => ({
      what: `permitted: ${what}, a role of ${role.length} characters`,
      annotations: { [ROLE]: role },
      namespace: { [PERMITTED]: expression },
    })),
  ),
  ...Object.entries(patterns).flatMap(([what, pattern]) => {
    const list = listOf(pattern);
    return [
      {
        what: `allowed-roles: ${what}`,
        annotations: { [ROLE]: LONG },
        namespace: { [ALLOWED_ROLES]: list },
      },
      {
        what: `external IDs: ${what}`,
        annotations: { [ROLE]: 'reader', [EXTERNAL_ID]: LONG_ID },
        namespace: { [PERMITTED]: 'reader', [PERMITTED_IDS]: list },
      },
      {
        what: `session tags: ${what}`,
        annotations: { [ROLE]: 'reader', [TAGS]: tags },
        namespace: { [PERMITTED]: 'reader', [PERMITTED_TAGS]: list.replace('"]', '","aaaa*"]') },
      },
    ];
  }),
  {
    what: 'session tags of 16 kB',
    annotations: { [ROLE]: 'reader', [TAGS]: JSON.stringify({ k: filled('a', 16_000) }) },
    namespace: { [PERMITTED]: 'reader' },
  },
  {
    what: 'session tags with 2,000 keys',
    annotations: {
      [ROLE]: 'reader',
      [TAGS]: JSON.stringify(
        Object.fromEntries(Array.from({ length: 1500 }, (_, i) => [`k${digits(i)}`, ''])),
      ),
    },
    namespace: { [PERMITTED]: 'reader' },
  },
];
