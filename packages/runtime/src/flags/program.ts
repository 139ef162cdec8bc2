import type { LegacyFlags } from './legacy.ts';
import type { FlagTable } from './table.ts';

/** Everything that is fixed about a program's flags. From it come parsing, help and docs. */
export interface Program<Table extends FlagTable = FlagTable> {
  readonly name: string;
  /** One sentence: what it is. */
  readonly summary: string;
  readonly flags: Table;
  readonly legacy: LegacyFlags;
  /** Of the program's environment variables, e.g. `ROLEGATE_`. */
  readonly envPrefix: string;
  /** A first argument that other programs need here and that is let pass. */
  readonly subcommand?: string;
}
