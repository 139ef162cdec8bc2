import { runCommand } from '@rolegate/testing';

/** `helm install --wait` starts Pods. */
const WITHIN_MS = 150_000;

export interface TerminalDeps {
  /** The working directory. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface TerminalResult {
  readonly code: number | null;
  /** Both outputs, as a terminal shows them. */
  readonly output: string;
}

/** Runs lines as a person enters them, and keeps what the terminal showed. */
export function createTerminal({ folder, env }: TerminalDeps) {
  const sessions: string[] = [];

  async function enter(line: string): Promise<TerminalResult> {
    const { code, stdout } = await runCommand(['bash', '--norc', '-c', `exec 2>&1\n${line}`], {
      env,
      cwd: folder,
      timeoutMs: WITHIN_MS,
    });
    return { code, output: stdout };
  }

  return {
    /** Any exit code is a result. */
    enter,
    /** Rejects with the output if the line fails. */
    expect: async (line: string): Promise<string> => {
      const { code, output } = await enter(line);
      if (code !== 0) throw new Error(`$ ${line}\n${output}exit code ${String(code)}`);
      return output;
    },
    /** Begins a part of the transcript. */
    note: (text: string): void => {
      sessions.push(`# ${text}\n`);
    },
    /** Enters a line for the transcript. Its output must contain the words. Any exit code is a result. */
    show: async (line: string, ...words: readonly string[]): Promise<TerminalResult> => {
      const result = await enter(line);
      const { output } = result;
      sessions.push(`$ ${line}\n${tidy(output)}`);
      const flat = output.replace(/\s+/g, ' ');
      for (const word of words)
        if (!flat.includes(word)) throw new Error(`$ ${line} does not say "${word}":\n${output}`);
      return result;
    },
    /** The transcript so far. */
    get sessions(): readonly string[] {
      return sessions;
    },
  };
}

/** Without what helm downloads, when it installed something, the notes of charts, and where in its code a warning comes from. */
function tidy(output: string): string {
  return output
    .replace(/^(?:Pulled|Digest|LAST DEPLOYED): .*\n/gm, '')
    .replace(/^NOTES:\n[^]*?(?=^[Rr]elease "|(?![^]))/gm, '')
    .replace(/^[IW]\d{4} .*?\] /gm, '');
}

export type Terminal = ReturnType<typeof createTerminal>;
