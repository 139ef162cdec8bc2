import type { Environment, FlagTable, FlagValues } from '@rolegate/runtime';
import type { Output } from '../output/output.ts';
import type { ExitCode } from './exit-code.ts';

/** A command of the plugin. Its flags are parsed and described by the runtime. */
export interface Command<Table extends FlagTable = FlagTable> {
  readonly name: string;
  /** What it does, in one sentence without a full stop. */
  readonly summary: string;
  /** Placeholders of the required words that follow the name, e.g. `POD`. */
  readonly words: readonly string[];
  readonly flags: Table;
  /** Flags that also have a short form, by letter. */
  readonly shortFlags: Readonly<Record<string, keyof Table & string>>;
  readonly examples: readonly Example[];
  run(call: CommandCall<Table>): Promise<ExitCode>;
}

export interface Example {
  /** Without `kubectl rolegate`. */
  readonly command: string;
  readonly shows: string;
}

export interface CommandCall<Table extends FlagTable = FlagTable> {
  readonly values: FlagValues<Table>;
  /** As many as the command names. */
  readonly words: readonly string[];
  readonly env: Environment;
  readonly output: Output;
  /** Aborts when the user interrupts the command or the reader of its output is gone. */
  readonly signal: AbortSignal;
}

/** A command as the list of commands shows it. Its code is loaded when it is run. */
export interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}
