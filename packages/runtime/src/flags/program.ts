import type { LegacyFlags } from './legacy.ts';
import type { FlagTable } from './table.ts';

/** A program's flags, from which parsing, help and docs are made. */
export interface Program<Table extends FlagTable = FlagTable> {
  readonly name: string;
  /** What the program is, in one sentence. */
  readonly summary: string;
  readonly flags: Table;
  readonly legacy: LegacyFlags;
  /** Prefix of the program's environment variables, e.g. `ROLEGATE_`. */
  readonly envPrefix: string;
  /** A first argument that kiam's programs need and that is ignored here. */
  readonly subcommand?: string;
}
