import type { FlagTable } from '@rolegate/runtime';

export interface SplitArguments {
  /** For parseFlags: only long flags, values attached. */
  readonly flags: readonly string[];
  readonly words: readonly string[];
}

interface Flags {
  readonly flags: FlagTable;
  readonly shortFlags: Readonly<Record<string, string>>;
}

/**
 * Separates the words of a command line from its flags and writes short flags in full: `-n shop`, `-nshop` and
 * `-n=shop` become `--namespace=shop`. Unknown flags are kept, so that parseFlags reports them.
 */
export function splitWords(argv: readonly string[], { flags, shortFlags }: Flags): SplitArguments {
  const long: string[] = [];
  const words: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const argument = argv[at] ?? '';
    if (argument === '--') {
      words.push(...argv.slice(at + 1));
      break;
    }
    if (!argument.startsWith('-') || argument === '-') {
      words.push(argument);
      continue;
    }
    const { text, name } = inFull(argument, flags, shortFlags);
    const next = argv[at + 1];
    const takesNext = takesValue(flags, name) && !text.includes('=') && next !== undefined && isValue(next);
    long.push(takesNext ? `${text}=${next}` : text);
    if (takesNext) at += 1;
  }
  return { flags: long, words };
}

function inFull(argument: string, flags: FlagTable, shortFlags: Flags['shortFlags']) {
  if (argument.startsWith('--')) return { text: argument, name: /^--([^=]*)/.exec(argument)?.[1] ?? '' };
  const letter = argument.charAt(1);
  const name = Object.hasOwn(shortFlags, letter) ? shortFlags[letter] : undefined;
  const rest = argument.slice(2).replace(/^=/, '');
  if (name === undefined) return { text: argument, name: '' };
  if (rest === '') return { text: `--${name}`, name };
  // `-fx` of a switch is two short flags, which nobody needs here.
  return takesValue(flags, name) ? { text: `--${name}=${rest}`, name } : { text: argument, name: '' };
}

function takesValue(flags: FlagTable, name: string): boolean {
  return Object.hasOwn(flags, name) && flags[name]?.placeholder !== '';
}

/** A value that begins with a dash must be attached with an equals sign. */
function isValue(text: string): boolean {
  return !text.startsWith('-') || text === '-';
}
