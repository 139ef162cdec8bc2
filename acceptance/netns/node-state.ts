import type { Program } from '@rolegate/sandbox';
import type { Mode, ModeName } from './modes.ts';
import { modes } from './modes.ts';
import type { NodePrograms, ProgramName } from './node-programs.ts';
import { programNames } from './node-programs.ts';
import type { OtherTools } from './other-tools.ts';

export interface NodeState {
  /** Starts missing programs, stops surplus ones, and waits until all are ready. */
  readonly bring: (mode: ModeName) => Promise<void>;
  /** Throws if the program does not run. */
  readonly running: (name: ProgramName) => Program;
  /** Does not wait until the program is ready. */
  readonly start: (name: ProgramName) => Program;
  /** Installs or removes the rules. The error of a failure includes the output. */
  readonly once: (word: 'intercept' | 'uninstall') => Promise<void>;
  /** Records that other tools' rules were changed: they are reinstalled before the next mode that needs them. */
  readonly markOtherRulesChanged: () => void;
  readonly stopAll: () => Promise<void>;
  /** Suspends the program during the action. */
  readonly whileSuspended: <Result>(name: ProgramName, action: () => Promise<Result>) => Promise<Result>;
}

const LAST_CHARACTERS = 600;

/** Tracks the programs that run on the node. */
export function createNodeState({
  programs,
  others,
}: {
  programs: NodePrograms;
  others: OtherTools;
}): NodeState {
  const present = new Map<ProgramName, { readonly program: Program; readonly flags: string }>();
  let otherRulesChanged = false;

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
      throw new Error(`${word} exited with ${String(code)}: ${(stdout + stderr).slice(-LAST_CHARACTERS)}`);
  }

  async function repairOthers(): Promise<void> {
    if (!otherRulesChanged) return;
    await stopAllBut({});
    await once('uninstall');
    await others.reinstall();
    otherRulesChanged = false;
  }

  function running(name: ProgramName): Program {
    const found = present.get(name);
    if (found?.program.running !== true) throw new Error(`${name} does not run`);
    return found.program;
  }

  return {
    start: (name) => start(name),
    once,
    running,
    markOtherRulesChanged: () => {
      otherRulesChanged = true;
    },
    stopAll: () => stopAllBut({}),
    async whileSuspended(name, action) {
      const { pid } = running(name);
      process.kill(pid, 'SIGSTOP');
      try {
        return await action();
      } finally {
        process.kill(pid, 'SIGCONT');
      }
    },
    async bring(name) {
      const mode: Mode = modes[name];
      await stopAllBut(mode.programs);
      if (name !== 'no rules') await others.installBefore();
      if (mode.restoreOtherRules === true) await repairOthers();
      if (name === 'other tools only') await once('uninstall');
      if (mode.rules && !present.has('reconcile')) await once('intercept');
      for (const wanted of programNames) {
        const flags = mode.programs[wanted];
        if (flags !== undefined && !present.has(wanted)) start(wanted, flags);
      }
      await Promise.all([...present.values()].map(({ program }) => program.ready()));
    },
  };
}
