import { readFile } from 'node:fs/promises';

const RUNBOOK = new URL('../../../../docs/runbook.md', import.meta.url);

/** What the runbook says about an alert. */
export interface Chapter {
  readonly alert: string;
  readonly means: string;
  readonly do: string;
  /** Other alerts that the chapter links to. */
  readonly links: readonly string[];
}

/** The chapters of the runbook by alert. */
export async function readRunbook(): Promise<ReadonlyMap<string, Chapter>> {
  return chaptersOf(await readFile(RUNBOOK, 'utf8'));
}

export function chaptersOf(runbook: string): ReadonlyMap<string, Chapter> {
  const texts = runbook.split(/^### /m).slice(1);
  const names = texts.map((text) => /^\w+/.exec(text)?.[0] ?? '');
  const linked = (text: string) => names.filter((name) => text.includes(`(#${name.toLowerCase()})`));
  return new Map(
    texts.map((text, at) => {
      const alert = names[at] ?? '';
      return [alert, { alert, means: itemOf(text, 'Means'), do: itemOf(text, 'Do'), links: linked(text) }];
    }),
  );
}

/** True if the chapter of one of the alerts links to the other alert. */
export function isNamedWith(chapters: ReadonlyMap<string, Chapter>, one: string, other: string): boolean {
  const links = (from: string, to: string) => chapters.get(from)?.links.includes(to) === true;
  return links(one, other) || links(other, one);
}

/** The text of a list item without line breaks, up to a code block or the next item. */
function itemOf(text: string, word: string): string {
  const [, item = ''] =
    new RegExp(`^- \\*\\*${word}\\*\\*: ([^]*?)(?=\\n\\n|\\n- |\\n#|$(?![^]))`, 'm').exec(text) ?? [];
  return item.replaceAll(/\s+/g, ' ').trim();
}
