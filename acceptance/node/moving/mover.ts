import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fencedBlocks } from '@rolegate/testing';
import { commandsOf } from '../newcomer/page-commands.ts';
import { createTerminal } from '../newcomer/terminal.ts';
import type { Terminal } from '../newcomer/terminal.ts';

export interface MoverDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The node that moves. */
  readonly node: string;
}

/** A person who moves a cluster, in the folder of the plan. */
export interface Mover extends AsyncDisposable {
  /** The folder of the plan. */
  readonly folder: string;
  /** Outside that folder. */
  readonly before: Terminal;
  readonly terminal: Terminal;
  /** Enters a line for the transcript. It must succeed. */
  readonly enter: (line: string) => Promise<void>;
  /** The commands of a section of the plan's page. */
  readonly commandsOf: (heading: string) => Promise<readonly string[]>;
  /** The transcript so far. */
  readonly sessions: () => readonly string[];
}

export async function openMover({ env, node }: MoverDeps): Promise<Mover> {
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-move-'));
  // As `migrate plan` names it.
  const plan = join(folder, 'rolegate-move');
  await mkdir(plan);
  const before = createTerminal({ folder, env });
  const terminal = createTerminal({ folder: plan, env });
  return {
    folder: plan,
    before,
    terminal,
    async enter(line) {
      const { code, output } = await terminal.show(line);
      if (code !== 0) throw new Error(`$ ${line}\n${output}exit code ${String(code)}`);
    },
    async commandsOf(heading) {
      const page = await readFile(join(plan, 'plan.md'), 'utf8');
      return fencedBlocks(page, heading)
        .flatMap((block) => commandsOf(block.text))
        .map(({ text }) => text.replaceAll(/\bNODE\b/g, node));
    },
    sessions: () => [...before.sessions, '$ cd rolegate-move\n', ...terminal.sessions],
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
