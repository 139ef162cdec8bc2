import { parseArgs } from 'node:util';
import { quoted } from './kinds.ts';
import { nearest } from './nearest.ts';
import type { GivenText } from './table.ts';

/** Whether a flag takes a value or is a switch. Undefined if there is no such flag. */
type Takes = (name: string) => 'value' | 'switch' | undefined;

export interface GivenFlag extends GivenText {
  readonly name: string;
}

interface ArgsOutcome {
  readonly given: readonly GivenFlag[];
  readonly faults: readonly string[];
  readonly help: boolean;
  readonly version: boolean;
}

interface ArgsOptions {
  readonly argv: readonly string[];
  readonly takes: Takes;
  /** Every known name, for hints. */
  readonly names: readonly string[];
  /** A first argument without dashes that is ignored, because kiam's programs need it. */
  readonly subcommand?: string;
}

type Tokens = NonNullable<ReturnType<typeof tokensOf>>;
type Token = Tokens[number];

/** Pairs flags with their values: `--x=y`, `--x y`, `--x` and `--no-x`. There are no positional arguments. */
export function readArgs({ argv, takes, names, subcommand }: ArgsOptions): ArgsOutcome {
  const given: GivenFlag[] = [];
  const faults: string[] = [];
  const asked = { help: false, version: false };
  const tokens = tokensOf(subcommand !== undefined && argv[0] === subcommand ? argv.slice(1) : argv);
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token === undefined || token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      faults.push(`unexpected argument ${quoted(token.value)}; flags begin with two dashes`);
      continue;
    }
    if (token.rawName === '--help' || token.rawName === '-h') asked.help = true;
    else if (token.rawName === '--version') asked.version = true;
    else {
      const read = readFlag(token, valueAfter(tokens, at), { takes, names });
      if ('fault' in read) faults.push(read.fault);
      else given.push(read.flag);
      if (read.tookNext) at += 1;
    }
  }
  return { given, faults: [...new Set(faults)], ...asked };
}

function tokensOf(argv: readonly string[]) {
  // Without options and not strict, parseArgs only splits the arguments.
  return parseArgs({ args: [...argv], options: {}, strict: false, allowPositionals: true, tokens: true })
    .tokens;
}

/** The next argument, if it can be a value. */
function valueAfter(tokens: Tokens, at: number): string | undefined {
  const next = tokens[at + 1];
  return next?.kind === 'positional' ? next.value : undefined;
}

type ReadFlag = ({ readonly flag: GivenFlag } | { readonly fault: string }) & { readonly tookNext: boolean };

function readFlag(
  token: Extract<Token, { kind: 'option' }>,
  next: string | undefined,
  { takes, names }: Pick<ArgsOptions, 'takes' | 'names'>,
): ReadFlag {
  const { name, rawName, value: inline } = token;
  const kind = rawName.startsWith('--') ? takes(name) : undefined;
  if (kind === 'switch') {
    const tookNext = inline === undefined && (next === 'true' || next === 'false');
    return { flag: { name, text: inline ?? (tookNext ? next : 'true'), by: rawName }, tookNext };
  }
  if (kind === 'value') {
    const text = inline ?? next;
    return text === undefined
      ? {
          fault: `${rawName} needs a value; write ${rawName}=VALUE if the value begins with a dash`,
          tookNext: false,
        }
      : { flag: { name, text, by: rawName }, tookNext: inline === undefined };
  }
  const negated = name.startsWith('no-') ? name.slice('no-'.length) : '';
  if (rawName.startsWith('--no-') && takes(negated) === 'switch') {
    return inline === undefined
      ? { flag: { name: negated, text: 'false', by: rawName }, tookNext: false }
      : { fault: `${rawName} takes no value; remove it`, tookNext: false };
  }
  return { fault: unknownFlag(rawName, names), tookNext: inline === undefined && next !== undefined };
}

function unknownFlag(rawName: string, names: readonly string[]): string {
  // After a single dash, parseArgs splits the word into letters, so the whole word is not known here.
  if (!rawName.startsWith('--')) return `unknown flag ${quoted(rawName)}; flags begin with two dashes`;
  const near = nearest(rawName.slice('--'.length).replace(/^no-/, ''), names);
  const hint = near === undefined ? '--help lists all flags' : `did you mean --${near}?`;
  return `unknown flag ${rawName.length > 60 ? quoted(rawName) : rawName}; ${hint}`;
}
