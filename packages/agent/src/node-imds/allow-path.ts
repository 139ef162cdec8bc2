import { RE2JS } from 're2js';
import { isNodeCredentials } from './groups.ts';

/** What `--allow-path` opens besides the groups. */
export interface AllowPath {
  /** Takes a canonical path without version; never true for the node's own credentials. */
  allows(path: string): boolean;
}

/** One thing to say at start about one expression. */
export interface AllowPathWarning {
  readonly expression: string;
  readonly path: string;
  readonly risk: string;
}

/** Longer expressions are a mistake. Characters. */
const LONGEST_EXPRESSION = 4096;

/** A path that an expression may open, each with what that means. */
const RISKS: readonly (readonly [path: string, risk: string])[] = [
  ['user-data', "every Pod can read the node's user data, which often holds bootstrap secrets"],
  ...['signature', 'pkcs7', 'rsa2048'].map(
    (name) =>
      [
        `dynamic/instance-identity/${name}`,
        'every Pod can prove to others that it is the node: the signature stands for its identity',
      ] as const,
  ),
  ['meta-data/public-keys/0/openssh-key', "every Pod can read the node's SSH key"],
  ['meta-data/managed-ssh-keys/signer-cert', "every Pod can read the signer of the node's SSH keys"],
];

/** Stand for directories that nothing opens. */
const CLOSED: readonly string[] = [
  'meta-data/iam/security-credentials/node',
  'meta-data/identity-credentials/ec2/security-credentials/ec2-instance',
];
const CLOSED_RISK = "no setting opens the node's own credentials: this part of the expression has no effect";

/** Compiles the values of `--allow-path`; all faults at once. */
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

/** What an operator has to be told at start: each sensitive path that an expression opens, and what none can open. */
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
  if (expression === '') return 'an empty expression matches no path; leave the flag out';
  if (expression.length > LONGEST_EXPRESSION) {
    return `an expression of ${expression.length} characters; at most ${LONGEST_EXPRESSION} are taken`;
  }
  try {
    RE2JS.compile(expression);
    return undefined;
  } catch (error) {
    return `${JSON.stringify(expression)} is no RE2 expression: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/**
 * Whole match against '/latest/…', whatever version a Pod asks for: the node is asked for `latest` only. Both spellings
 * of a path, with and without the last slash, are one path.
 */
function matcherOf(expression: string): (path: string) => boolean {
  const compiled = RE2JS.compile(expression);
  return (path) => {
    const spelled = path === '' ? '/latest' : `/latest/${path}`;
    return compiled.testExact(spelled) || compiled.testExact(`${spelled}/`);
  };
}
