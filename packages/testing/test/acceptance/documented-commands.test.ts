import { describe, expect, it } from 'vitest';
import { documentedSessions, fencedBlocks, isDocumented } from '../../src/acceptance/documented-commands.ts';

const PAGE = `# Page

## One

\`\`\`console
$ ask a
yes … 10:00:00.123
$ ask b
\`\`\`

1. A step:

   \`\`\`sh
   if true; then
     run
   fi
   \`\`\`

## Two

\`\`\`
text
\`\`\`
`;

describe('Documented commands', () => {
  it('The blocks of a section are read without their indentation', () => {
    expect(fencedBlocks(PAGE, 'One')).toEqual([
      { language: 'console', text: '$ ask a\nyes … 10:00:00.123\n$ ask b\n' },
      { language: 'sh', text: 'if true; then\n  run\nfi\n' },
    ]);
    expect(fencedBlocks(PAGE)).toHaveLength(3);
    expect(() => fencedBlocks(PAGE, 'Three')).toThrow('no heading "Three"');
  });

  it('A console block has commands with their output', () => {
    expect(fencedBlocks(PAGE, 'One').slice(0, 1).flatMap(documentedSessions)).toEqual([
      { command: 'ask a', output: 'yes … 10:00:00.123' },
      { command: 'ask b', output: '' },
    ]);
  });

  it.each([
    { printed: 'yes (sure)\nand again 11:22:33.444\n', same: true },
    { printed: 'yes 11:22:33.444 more', same: false },
    { printed: 'oh yes 11:22:33.444', same: false },
  ])('An output is as documented, except for times and what is left out: $printed', ({ printed, same }) => {
    expect(isDocumented({ command: '', output: 'yes … 10:00:00.123' }, printed)).toBe(same);
  });
});
