import { RE2JS } from 're2js';
import { isNodeCredentials } from './groups.ts';

/** What `--allow-path` opens in addition to the groups. */
export interface AllowPath {
  /** Accepts a canonical path without version; never true for the node's own credentials. */
  allows(path: string): boolean;
}

/** A warning at start about one expression. */
export interface AllowPathWarning {
  readonly expression: string;
  readonly path: string;
  readonly risk: string;
}

/** Longer expressions are surely mistakes. Characters. */
const LONGEST_EXPRESSION = 4096;

/** Sensitive paths, each with the consequence of opening it. */
const RISKS: readonly (readonly [path: string, risk: string])[] = [
  ['user-data', "every Pod can read the node's user data, which often holds bootstrap secrets"],
  ...['signature', 'pkcs7', 'rsa2048'].map(
    (name) =>
      [
        `dynamic/instance-identity/${name}`,
        'every Pod can prove to others that it is the node, by the signature',
      ] as const,
  ),
  ['meta-data/public-keys/0/openssh-key', "every Pod can read the node's SSH key"],
  ['meta-data/managed-ssh-keys/signer-cert', "every Pod can read the signer of the node's SSH keys"],
];

/** Directories that can never be opened. */
const CLOSED: readonly string[] = [
  'meta-data/iam/security-credentials/node',
  'meta-data/identity-credentials/ec2/security-credentials/ec2-instance',
];
const CLOSED_RISK = "no setting opens the node's own credentials: this part of the expression has no effect";

/** Compiles the values of `--allow-path`; returns all errors together. */
export function parseAllowPaths(
  expressions: readonly string[],
): { readonly allowPath: AllowPath } | { readonly faults: readonly string[] } {
  const faults = expressions.flatMap((expression) => faultOf(expression) ?? []);
  if (faults.length > 0) return { faults };
  const matchers = expressions.map(matcherOf);
  return {
    allowPath: {
      allows: (path) => !isNodeCredentials(path) && matchers.some((matches) => matches(path)),
    },
  };
}

/** Warnings at start: each sensitive path that an expression opens, and paths that cannot be opened. */
export function warningsFor(expressions: readonly string[]): readonly AllowPathWarning[] {
  return expressions
    .filter((expression) => faultOf(expression) === undefined)
    .flatMap((expression) => {
      const matches = matcherOf(expression);
      const opened = RISKS.filter(([path]) => matches(path));
      const closed = CLOSED.filter(matches).map((path) => [path, CLOSED_RISK] as const);
      return [...opened, ...closed].map(([path, risk]) => ({ expression, path, risk }));
    });
}

function faultOf(expression: string): string | undefined {
  if (expression === '') return 'an empty expression matches no path; remove the flag';
  if (expression.length > LONGEST_EXPRESSION) {
    return `an expression of ${expression.length} characters is too long; at most ${LONGEST_EXPRESSION} are allowed`;
  }
  try {
    RE2JS.compile(expression);
    return undefined;
  } catch (error) {
    return `${JSON.stringify(expression)} is not an RE2 expression: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/**
 * Matches the whole of '/latest/…', whatever version a Pod requests: the node is always asked for `latest`. Paths with and
 * without the trailing slash are equal.
 */
function matcherOf(expression: string): (path: string) => boolean {
  const compiled = RE2JS.compile(expression);
  return (path) => {
    const spelled = path === '' ? '/latest' : `/latest/${path}`;
    return compiled.testExact(spelled) || compiled.testExact(`${spelled}/`);
  };
}
