import { describe, expect, it } from 'vitest';
import { flagsDoc } from '../../src/flags/doc.ts';
import { accepted, ignored } from '../../src/flags/legacy.ts';
import { helpText } from '../../src/flags/help.ts';
import { oneOf, text } from '../../src/flags/kinds.ts';
import { nearest } from '../../src/flags/nearest.ts';
import { list, needed, setting, toggle } from '../../src/flags/table.ts';

const program = {
  name: 'kettle',
  summary: 'boils water',
  envPrefix: 'KETTLE_',
  flags: {
    'how-fast': setting(oneOf(['slow', 'fast']), { group: 'Heat', help: 'how fast', fallback: 'slow' }),
    loud: toggle({ group: 'Sound', help: 'with a whistle' }),
    name: needed(text('NAME'), { group: 'Heat', help: 'its name', env: ['NAME'], hint: 'name it' }),
    cup: list(text('CUP'), {
      group: 'Heat',
      help: `${'into one of many cups, '.repeat(6)}or none`,
      separator: 'line',
    }),
  },
  legacy: {
    speed: accepted(['pan', 'pot'], { as: 'how-fast', why: '' }),
    loud: accepted(['pot'], 'it whistled'),
    lid: ignored(['pot'], 'it has a | for a lid'),
  },
};

describe('Help text', () => {
  it('The help lists the flags by group with their variables, defaults and what else applies', () => {
    expect(helpText(program)).toBe(`kettle: boils water

A flag overrides its environment variable, which overrides the default.

Heat:
  --how-fast slow|fast
      how fast
      [KETTLE_HOW_FAST; default slow]
  --name NAME
      its name
      [KETTLE_NAME, NAME; required]
  --cup CUP
      into one of many cups, into one of many cups, into one of many cups, into one of many cups,
      into one of many cups, into one of many cups, or none
      [KETTLE_CUP; repeatable]

Sound:
  --[no-]loud
      with a whistle
      [KETTLE_LOUD; default false]

Other:
  --help, -h
      show this help
  --version
      show the version
`);
  });
});

describe('Flags document', () => {
  it("The document has a table for each group of flags, and one for each other program's flags", () => {
    expect(
      flagsDoc({ ...program, flags: { 'how-fast': program.flags['how-fast'], loud: program.flags.loud } }),
    ).toBe(`## kettle

Boils water.

### Heat

| flag                    | environment       | default | meaning  |
| ----------------------- | ----------------- | ------- | -------- |
| \`--how-fast slow\\|fast\` | \`KETTLE_HOW_FAST\` | \`slow\`  | how fast |

### Sound

| flag          | environment   | default | meaning        |
| ------------- | ------------- | ------- | -------------- |
| \`--[no-]loud\` | \`KETTLE_LOUD\` | \`false\` | with a whistle |

### pan

| flag      | verdict  | effect, reason or replacement |
| --------- | -------- | ----------------------------- |
| \`--speed\` | accepted | sets \`--how-fast\`             |

### pot

| flag      | verdict  | effect, reason or replacement |
| --------- | -------- | ----------------------------- |
| \`--speed\` | accepted | sets \`--how-fast\`             |
| \`--loud\`  | accepted | same flag; it whistled        |
| \`--lid\`   | ignored  | it has a \\| for a lid         |`);
  });
});

describe('Nearest name', () => {
  it.each([
    { name: 'prot', near: 'port' },
    { name: 'role-base-ran', near: 'role-base-arn' },
    { name: 'session-name-templates', near: 'session-name-template' },
    { name: '', near: undefined },
    { name: 'zzzzzzzzzzzz', near: undefined },
  ])('The nearest name to "$name" is $near', ({ name, near }) => {
    expect(nearest(name, ['port', 'role-base-arn', 'session-name-template'])).toBe(near);
  });
});
