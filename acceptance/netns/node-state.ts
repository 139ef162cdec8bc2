import type { Program } from '@rolegate/sandbox';
import type { Mode, ModeName } from './modes.ts';
import { modes } from './modes.ts';
import type { NodePrograms, ProgramName } from './node-programs.ts';
import { programNames } from './node-programs.ts';
import type { OtherTools } from './other-tools.ts';

export interface NodeState {
  /** Brings the node to the mode: starts what is not there, stops what is too many, waits until all is ready. */
  readonly bring: (mode: ModeName) => Promise<void>;
  /** The running process. Throws where there is none. */
  readonly running: (name: ProgramName) => Program;
  /** Starts one without waiting for it. */
  readonly start: (name: ProgramName) => Program;
  /** Lays or removes the rules. Throws with what it said where that fails. */
  readonly once: (word: 'intercept' | 'uninstall') => Promise<void>;
  /** Somebody breaks other tools' rules: they are laid anew before the next mode that wants them whole. */
  readonly spoil: () => void;
  readonly stopAll: () => Promise<void>;
}

const LAST_CHARACTERS = 600;

/** Follows what runs on the node. */
export function createNodeState({
  programs,
  others,
}: {
  programs: NodePrograms;
  others: OtherTools;
}): NodeState {
  const present = new Map<ProgramName, { readonly program: Program; readonly flags: string }>();
  let spoiled = false;

  function start(name: ProgramName, flags: readonly string[] = []): Program {
    const program = programs.start(name, flags);
    present.set(name, { program, flags: flags.join(' ') });
    return program;
  }

  async function stopAllBut(wanted: Mode['programs']): Promise<void> {
    for (const [name, { program, flags }] of [...present].reverse()) {
      if (program.running && wanted[name]?.join(' ') === flags) continue;
      present.delete(name);
      await program.stop();
    }
  }

  async function once(word: 'intercept' | 'uninstall'): Promise<void> {
    const { code, stdout, stderr } = await programs.once(word);
    if (code !== 0)
      throw new Error(`${word} ended with ${String(code)}: ${(stdout + stderr).slice(-LAST_CHARACTERS)}`);
  }

  async function repairOthers(): Promise<void> {
    if (!spoiled) return;
    await stopAllBut({});
    await once('uninstall');
    await others.reinstall();
    spoiled = false;
  }

  return {
    start: (name) => start(name),
    once,
    running(name) {
      const found = present.get(name);
      if (found?.program.running !== true) throw new Error(`${name} does not run`);
      return found.program;
    },
    spoil: () => {
      spoiled = true;
    },
    stopAll: () => stopAllBut({}),
    async bring(name) {
      const mode: Mode = modes[name];
      await stopAllBut(mode.programs);
      if (name !== 'open') await others.installBefore();
      if (mode.othersWhole === true) await repairOthers();
      if (name === 'uninstalled') await once('uninstall');
      if (mode.rules && !present.has('reconcile')) await once('intercept');
      for (const wanted of programNames) {
        const flags = mode.programs[wanted];
        if (flags !== undefined && !present.has(wanted)) start(wanted, flags);
      }
      await Promise.all([...present.values()].map(({ program }) => program.ready()));
    },
  };
}
