import { expect, it } from 'vitest';
import { commandsOf } from '../newcomer/page-commands.ts';

it('The commands of a block are read with continued lines, here-documents and what their comments expect', () => {
  const block = `cat >a.yaml <<'END'
a: 1 # of it
END
run a \\
  --b=c
run d   # Unable to run
`;
  expect(commandsOf(block)).toEqual([
    { text: "cat >a.yaml <<'END'\na: 1 # of it\nEND", expected: undefined },
    { text: 'run a \\\n  --b=c', expected: undefined },
    { text: 'run d', expected: 'Unable to run' },
  ]);
});
