import { createFileReader } from './file-reader.ts';
import type { FileReaderDeps } from './file-reader.ts';
import type { Learned } from './learned.ts';
import { createSurvey, inBatches } from './survey.ts';
import type { Survey, SurveyDeps } from './survey.ts';

export interface DirectoryFilesDeps extends FileReaderDeps, Pick<SurveyDeps, 'log'> {
  /** Returns a higher number each time. */
  readonly nextTurn: () => number;
  /** Called for a file seen for the first time. Files found by one scan share one turn. */
  readonly learned: (path: string, learned: Learned) => void;
}

export interface DirectoryFiles {
  /** The file may have changed. */
  readonly noticed: (name: string) => void;
  /** Checks every file. Resolves to the paths of all existing files. */
  readonly scan: (turn: number | undefined) => Promise<ReadonlySet<string>>;
  readonly forgetAll: () => void;
}

/** The files of one directory, in the order in which they appeared. */
export function createDirectoryFiles(deps: DirectoryFilesDeps): DirectoryFiles {
  const { directory } = deps;
  const reader = createFileReader(deps);
  const { known } = reader;
  const list = createSurvey({ ...deps, knows });
  /** Files that appear while a scan orders the others. */
  let postponed: Set<string> | undefined;

  function noticed(name: string): void {
    if (!knows(name) && postponed?.add(name) !== undefined) return;
    learn(name, { turn: deps.nextTurn(), createdNs: 0n });
    void reader.noticed(name);
  }

  function learn(name: string, when: Learned): void {
    if (knows(name)) return;
    deps.learned(pathOf(name), when);
    known.expect(name);
  }

  /** Orders the files before any is read. */
  async function survey(given: number | undefined): Promise<Survey> {
    postponed = new Set();
    const turn = given ?? deps.nextTurn();
    try {
      const found = await list();
      for (const [name, createdNs] of found.created) learn(name, { turn, createdNs });
      return found;
    } finally {
      const names = postponed;
      postponed = undefined;
      names.forEach(noticed);
    }
  }

  async function scan(turn: number | undefined): Promise<ReadonlySet<string>> {
    const before = known.names();
    const { listed, read } = await survey(turn);
    const wanted = new Set(read);
    const present = new Set(listed);
    for (const name of before) if (present.has(name) && !wanted.has(name)) known.forget(name);
    // Files missing from the listing are checked too: they may have reappeared since.
    await inBatches([...new Set([...read, ...before.filter((name) => !present.has(name))])], reader.look);
    return new Set(listed.map(pathOf));
  }

  function knows(name: string): boolean {
    return known.of(name) !== undefined;
  }

  function pathOf(name: string): string {
    return `${directory}/${name}`;
  }

  return { noticed, scan, forgetAll: known.forgetAll };
}
