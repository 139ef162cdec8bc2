/** A fenced block of a Markdown page. Blocks in lists are indented. */
export interface FencedBlock {
  /** The word after the fence, '' without one. */
  readonly language: string;
  readonly text: string;
}

/** A command and what the page shows of its output. */
export interface DocumentedSession {
  readonly command: string;
  readonly output: string;
}

/** The blocks of a section, or of the whole page. `heading`: without its marks. */
export function fencedBlocks(page: string, heading?: string): FencedBlock[] {
  const section = heading === undefined ? page : sectionOf(page, heading);
  return [...section.matchAll(/^( *)```(\w*)\n([\s\S]*?)^\1```$/gm)].map(
    ([, indent = '', language = '', text = '']) => ({
      language,
      text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  );
}

/** The commands of a `console` block, whose lines begin with `$ `. */
export function documentedSessions({ text }: FencedBlock): DocumentedSession[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((session) => {
      const [command = '', ...output] = session.split('\n');
      return { command, output: output.join('\n').trimEnd() };
    });
}

/** What differs between two runs. */
const VARYING = ['\\b[0-9a-f]{8}-[0-9a-z]+\\b', '\\b\\d\\d:\\d\\d:\\d\\d\\.\\d{3}\\b'];

/** True if the output is as the page shows it. `…` stands for anything; times and request IDs differ. */
export function isDocumented({ output }: DocumentedSession, printed: string): boolean {
  const pattern = output
    .split('…')
    .map((part) => patternOf(part, VARYING))
    .join('[\\s\\S]*?');
  return new RegExp(`^${pattern}\\s*$`).test(printed);
}

function patternOf(text: string, [varying, ...others]: readonly string[]): string {
  if (varying === undefined) return escaped(text);
  return text
    .split(new RegExp(varying))
    .map((part) => patternOf(part, others))
    .join(varying);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function sectionOf(page: string, heading: string): string {
  const [, marks = ''] = new RegExp(`^(#+) ${escaped(heading)}$`, 'm').exec(page) ?? [];
  if (marks === '') throw new Error(`the page has no heading "${heading}"`);
  const start = page.indexOf(`\n${marks} ${heading}\n`) + 1;
  const next = page.slice(start + marks.length).search(new RegExp(`^#{1,${marks.length}} `, 'm'));
  return next < 0 ? page.slice(start) : page.slice(start, start + marks.length + next);
}
