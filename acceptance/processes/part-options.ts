import { parseArgs } from 'node:util';

export interface PartOptions<Part> {
  /** All parts by default. */
  readonly wanted: readonly Part[];
  readonly only: RegExp;
  /** A path. */
  readonly report: string | undefined;
}

/**
 * Parses the options `--part`, `--only`, `--report` and `--help` of a suite with parts. After `--help` or an unknown part, prints the
 * usage and returns the exit code. Throws if a flag is unknown.
 */
export function parsePartOptions<Part extends { readonly name: string }>(
  parts: readonly Part[],
  usage: string,
): PartOptions<Part> | number {
  const { values } = parseArgs({
    options: {
      part: { type: 'string', multiple: true, default: [] },
      only: { type: 'string', default: '' },
      report: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { help, part, only, report } = values;
  const wanted = parts.filter(({ name }) => part.length === 0 || part.includes(name));
  if (!help && wanted.length >= part.length) return { wanted, only: new RegExp(only, 'i'), report };
  console.log(usage);
  return help ? 0 : 2;
}
