import type { Family } from './metadata-addresses.ts';

/** One rule as printed by iptables-save. */
export interface SavedRule {
  readonly chain: string;
  /** The text after `-A CHAIN` as printed, usable for `-D CHAIN`. */
  readonly text: string;
  readonly options: RuleOptions;
  /** Matched packets; in nat, connections. */
  readonly packets: number;
}

/** Such as `-d` to `169.254.169.254/32`. The name of a negated option begins with `! `. Options without a value have ''. */
export type RuleOptions = ReadonlyMap<string, string>;

/** The chains of one table with their rules, in order. */
export type SavedTable = ReadonlyMap<string, readonly SavedRule[]>;

/** All tables by name. */
export type SavedTables = ReadonlyMap<string, SavedTable>;

/** All tables of one backend. */
export type Saved = Readonly<Record<Family, SavedTables>>;

const SILENT = ['-m', '--comment', '--hashlimit-name', '--rsource', ''];
/** The default of `-m recent`. */
const WHOLE_MASKS = new Set(['255.255.255.255', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff']);

/** Parses the output of `iptables-save -c`; skips unknown lines. */
export function parseSavedTables(text: string): SavedTables {
  const tables = new Map<string, Map<string, SavedRule[]>>();
  let table = new Map<string, SavedRule[]>();
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) {
      table = new Map();
      tables.set(line.slice(1).trim(), table);
    } else if (line.startsWith(':')) {
      table.set(line.slice(1).split(' ', 1)[0] ?? '', []);
    } else {
      const rule = parseSavedRule(line);
      if (rule !== undefined) table.get(rule.chain)?.push(rule);
    }
  }
  return tables;
}

/**
 * The options of a rule by their meaning: without modules, comments, names of hashlimit tables and printed defaults; full
 * addresses have no prefix length.
 */
export function ruleOptions(text: string): RuleOptions {
  const options = new Map<string, string>();
  let name = '';
  let isNegated = false;
  for (const word of words(text)) {
    if (word === '!') isNegated = true;
    else if (/^--?[A-Za-z]/.test(word)) {
      name = isNegated ? `! ${word}` : word;
      isNegated = false;
      options.set(name, '');
    } else if (name !== '') {
      const given = options.get(name);
      options.set(name, given === undefined || given === '' ? plainAddress(word) : `${given} ${word}`);
    }
  }
  for (const silent of SILENT) options.delete(silent);
  if (WHOLE_MASKS.has(options.get('--mask') ?? '')) options.delete('--mask');
  return options;
}

/** Equal for two rules that do the same, however they are printed. */
export function ruleKey(options: RuleOptions): string {
  return [...options]
    .map(([name, value]) => `${name} ${value}`)
    .sort()
    .join('\n');
}

function parseSavedRule(line: string): SavedRule | undefined {
  const [, packets = '0', chain, text] = /^(?:\[(\d+):\d+\] )?-A (\S+) ?(.*)$/.exec(line) ?? [];
  if (chain === undefined || text === undefined) return undefined;
  let options: RuleOptions | undefined;
  return {
    chain,
    text,
    // Computed lazily: few of a node's thousands of rules need it.
    get options() {
      return (options ??= ruleOptions(text));
    },
    packets: Number(packets),
  };
}

/**
 * Splits at spaces, or into quoted parts in which a backslash escapes the next character. Quoted parts are values and are
 * marked by a leading space.
 */
function words(text: string): string[] {
  return [...text.matchAll(/"((?:\\.|[^"\\])*)"|(\S+)/g)].map(([, inQuotes, plain = '']) =>
    inQuotes === undefined ? plain : ` ${inQuotes.replace(/\\(.)/g, '$1')}`,
  );
}

function plainAddress(value: string): string {
  return value.replace(/^([0-9.]+)\/32$/, '$1').replace(/^([0-9a-f:]+)\/128$/, '$1');
}
