import type { GivenFlag } from './args.ts';
import { readArgs } from './args.ts';
import type { Environment } from './env.ts';
import { readEnv } from './env.ts';
import { judgeLegacy } from './legacy.ts';
import { helpText } from './help.ts';
import type { Program } from './program.ts';
import type { FlagTable, FlagValues, GivenText } from './table.ts';

export interface ParseFlagsOptions<Table extends FlagTable> {
  /** Without Node and the script. */
  readonly argv: readonly string[];
  readonly env: Environment;
  /** Checks rules between flags. A flag with a fault of its own has no value here. */
  readonly check?: (values: Partial<FlagValues<Table>>, given: ReadonlySet<string>) => CheckOutcome;
}

export interface CheckOutcome {
  readonly faults?: readonly string[];
  readonly warnings?: readonly string[];
}

export type FlagsOutcome<Table extends FlagTable> =
  | { readonly kind: 'values'; readonly values: FlagValues<Table>; readonly warnings: readonly string[] }
  | { readonly kind: 'faults'; readonly faults: readonly string[] }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' };

/** Reads flags, then the environment, then defaults. Returns all faults together, each with a hint. Never throws. */
export function parseFlags<Table extends FlagTable>(
  program: Program<Table>,
  { argv, env, check = () => ({}) }: ParseFlagsOptions<Table>,
): FlagsOutcome<Table> {
  const args = readArgs({ argv, ...lookup(program) });
  if (args.help) return { kind: 'help', text: helpText(program) };
  if (args.version) return { kind: 'version' };
  const fromArgs = sortOut(program, args.given);
  const fromEnv = readEnv(program.flags, { env, prefix: program.envPrefix });
  const { values, faults } = readValues(program.flags, new Map([...fromEnv.given, ...byName(fromArgs.own)]));
  const checked = check(values, new Set([...fromEnv.given.keys(), ...fromArgs.names]));
  const all = [...args.faults, ...fromArgs.faults, ...faults, ...(checked.faults ?? [])];
  if (all.length > 0) return { kind: 'faults', faults: all };
  const warnings = [...fromArgs.warnings, ...fromEnv.warnings, ...(checked.warnings ?? [])];
  return { kind: 'values', values: Object.freeze(values) as FlagValues<Table>, warnings };
}

function lookup({ flags, legacy, subcommand }: Program) {
  const takes = (name: string): 'value' | 'switch' | undefined => {
    if (Object.hasOwn(flags, name)) return flags[name]?.placeholder === '' ? 'switch' : 'value';
    if (Object.hasOwn(legacy, name)) return legacy[name]?.isSwitch === true ? 'switch' : 'value';
    return undefined;
  };
  const names = [...Object.keys(flags), ...Object.keys(legacy)];
  return { takes, names, ...(subcommand === undefined ? {} : { subcommand }) };
}

/** Translates legacy flags into own flags, warnings and faults. */
function sortOut({ flags, legacy }: Program, given: readonly GivenFlag[]) {
  const own: GivenFlag[] = [];
  const [faults, warnings] = [new Set<string>(), new Set<string>()];
  const names = new Set<string>();
  for (const flag of given) {
    const legacyFlag = Object.hasOwn(flags, flag.name) ? undefined : legacy[flag.name];
    if (legacyFlag === undefined) {
      own.push(flag);
      names.add(flag.name);
      continue;
    }
    const outcome = judgeLegacy(legacyFlag, flag);
    if (outcome.kind === 'fault') faults.add(outcome.message);
    if (outcome.kind === 'warning') warnings.add(outcome.message);
    if (outcome.kind === 'noted') names.add(flag.name);
    if (outcome.kind === 'set') {
      own.push({ name: outcome.name, ...outcome.given });
      names.add(outcome.name);
    }
  }
  return { own, names, faults, warnings };
}

function byName(given: readonly GivenFlag[]): Map<string, readonly GivenText[]> {
  return Map.groupBy(given, ({ name }) => name);
}

function readValues<Table extends FlagTable>(table: Table, given: ReadonlyMap<string, readonly GivenText[]>) {
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [name, flag] of Object.entries(table)) {
    const texts = given.get(name);
    const read = texts === undefined ? flag.absent() : flag.read(texts);
    if ('value' in read) values[name] = read.value;
    else faults.push(...read.faults.map((fault) => (texts === undefined ? `--${name}: ${fault}` : fault)));
  }
  return { values: values as Partial<FlagValues<Table>>, faults };
}
