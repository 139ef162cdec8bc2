import { createFileReader } from './file-reader.ts';
import type { FileReaderDeps } from './file-reader.ts';
import type { Learned } from './learned.ts';
import { createSurvey, inBatches } from './survey.ts';
import type { Survey, SurveyDeps } from './survey.ts';

export interface DirectoryFilesDeps extends FileReaderDeps, Pick<SurveyDeps, 'log'> {
  /** A number that is higher each time. */
  readonly nextTurn: () => number;
  /** A file is seen for the first time. Those that one look found have one turn. */
  readonly learned: (path: string, learned: Learned) => void;
}

export interface DirectoryFiles {
  /** Something happened to the file. */
  readonly noticed: (name: string) => void;
  /** Looks at every file. Resolves to the paths of all that are there. */
  readonly scan: (turn: number | undefined) => Promise<ReadonlySet<string>>;
  readonly forgetAll: () => void;
}

/** The files of one directory, in the order in which they came. */
export function createDirectoryFiles(deps: DirectoryFilesDeps): DirectoryFiles {
  const { directory } = deps;
  const reader = createFileReader(deps);
  const { known } = reader;
  const list = createSurvey({ ...deps, knows });
  /** Files that come while a look settles in which order others did. */
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

  /** Settles in which order the files came before any is read. */
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
    // What the list does not name is looked at too: it may have come back since.
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
