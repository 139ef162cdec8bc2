import type { CheckOutcome, Environment, FlagValues, Program } from '@rolegate/runtime';
import { duration, needed, oneOf, optional, parseFlags, setting, text, url } from '@rolegate/runtime';

/** What this Pod expects from the metadata API. */
export type Expectation =
  /** No role. */
  | { readonly kind: 'none' }
  /** This role's name, but a refusal of its credentials. */
  | { readonly kind: 'role'; readonly role: string }
  /** This role's name and its credentials. */
  | { readonly kind: 'credentials'; readonly role: string };

export interface VerifyConfig {
  /** Without a trailing slash. */
  readonly endpoint: string;
  readonly expected: Expectation;
  /** How long calls are retried. */
  readonly withinMs: number;
}

const GROUP = 'Calls';

/** The endpoint has no default, so nothing is sent by accident. */
const verifyFlags = {
  endpoint: needed(url(['http']), {
    group: GROUP,
    help: 'URL of the metadata API',
    hint: 'in a Pod use http://169.254.169.254',
  }),
  expect: setting(oneOf(['none', 'role', 'credentials']), {
    group: GROUP,
    fallback: 'none',
    help:
      'none: the API lists no role; role: it lists --role but refuses its credentials; ' +
      'credentials: it returns credentials of --role',
  }),
  role: optional(text('ROLE'), {
    group: GROUP,
    help: "role in the Pod's annotation",
  }),
  within: setting(duration({ maxMs: 600_000 }), {
    group: GROUP,
    fallback: '30s',
    help: 'how long to retry while the API returns 503 or does not respond',
  }),
};

/** For parsing, help and docs. */
export const verifyProgram: Program<typeof verifyFlags> = {
  name: 'rolegate-agent verify',
  summary: 'calls the metadata API as a Pod does and checks the answers',
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

/** Returns the configuration, or all its errors. Never throws. */
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
    return { faults: [`--role is required with --expect ${expect}; give the role in the annotation`] };
  if (!needs && role !== undefined) return { faults: ['--role cannot be combined with --expect none'] };
  return {};
}
