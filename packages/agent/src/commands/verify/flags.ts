import type { CheckOutcome, Environment, FlagValues, Program } from '@rolegate/runtime';
import { duration, needed, oneOf, optional, parseFlags, setting, text, url } from '@rolegate/runtime';

/** What this Pod may expect of the metadata API. */
export type Expectation =
  /** No role. */
  | { readonly kind: 'none' }
  /** This role's name, and a refusal of its credentials. */
  | { readonly kind: 'role'; readonly role: string }
  /** This role's name and its credentials. */
  | { readonly kind: 'credentials'; readonly role: string };

export interface VerifyConfig {
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly expected: Expectation;
  /** How long it asks again while there is no answer yet. */
  readonly withinMs: number;
}

const GROUP = 'Calls';

/** Without a default for the endpoint: nothing is sent by accident. */
const verifyFlags = {
  endpoint: needed(url(['http']), {
    group: GROUP,
    help: 'the metadata API as Pods know it',
    hint: 'in a Pod give http://169.254.169.254',
  }),
  expect: setting(oneOf(['none', 'role', 'credentials']), {
    group: GROUP,
    fallback: 'none',
    help: "none: this Pod has no role; role: it gets the name of --role, whose credentials are refused; credentials: it gets --role's",
  }),
  role: optional(text('ROLE'), {
    group: GROUP,
    help: 'what the annotation of this Pod names',
  }),
  within: setting(duration({ maxMs: 600_000 }), {
    group: GROUP,
    fallback: '30s',
    help: 'how long it asks again while the answer is 503, or there is none',
  }),
};

/** For parsing, help and docs. */
export const verifyProgram: Program<typeof verifyFlags> = {
  name: 'rolegate-agent verify',
  summary: 'asks the metadata API as a Pod does, and says whether what comes is right',
  flags: verifyFlags,
  legacy: {},
  envPrefix: 'ROLEGATE_',
  subcommand: 'verify',
};

type Outcome =
  | { readonly kind: 'config'; readonly config: VerifyConfig }
  | { readonly kind: 'faults'; readonly faults: readonly string[] }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' };

/** What to ask and what to expect, or everything that is wrong with it. Never throws. */
export function parseVerifyConfig(input: {
  readonly argv: readonly string[];
  readonly env: Environment;
}): Outcome {
  const outcome = parseFlags(verifyProgram, { ...input, check });
  if (outcome.kind !== 'values') return outcome;
  const { endpoint, expect, role = '', within } = outcome.values;
  const expected: Expectation = expect === 'none' ? { kind: expect } : { kind: expect, role };
  return { kind: 'config', config: Object.freeze({ endpoint, expected, withinMs: within }) };
}

function check({ expect, role }: Partial<FlagValues<typeof verifyFlags>>): CheckOutcome {
  const needs = expect === 'role' || expect === 'credentials';
  if (needs && role === undefined)
    return { faults: [`--role: it is needed with --expect ${expect}; give what the annotation names`] };
  if (!needs && role !== undefined)
    return { faults: ['--role: it is of no use with --expect none; leave one of them out'] };
  return {};
}
