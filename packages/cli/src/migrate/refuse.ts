import { onOneLine } from '@rolegate/runtime';
import { exitCodes } from '../command-line/exit-code.ts';
import type { ExitCode } from '../command-line/exit-code.ts';
import type { Output } from '../output/output.ts';

/** Says why a command has nothing to show: more must be said on its command line. */
export function refuse(output: Pick<Output, 'note'>, command: string, why: string): ExitCode {
  output.note(`kubectl rolegate ${command}: ${onOneLine(why)}`);
  return exitCodes.usage;
}
