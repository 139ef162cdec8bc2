import { describe, expect, it } from 'vitest';
import { chaptersOf, isNamedWith } from '../alerts/rules/runbook.ts';

const RUNBOOK = `# Runbook

### RolegateOne

- **Means**: something is
  down. Act.
- **Confirm**: look at it:

  \`\`\`sh
  look
  \`\`\`

- **Do**: see [RolegateTwo](#rolegatetwo).

## Others

### RolegateTwo

- **Means**: more.
- **Confirm**: no.
- **Do**: wait.
`;

describe('Runbook', () => {
  it('A chapter has what the alert means, what to do, and the alerts that it links to', () => {
    expect(chaptersOf(RUNBOOK).get('RolegateOne')).toEqual({
      alert: 'RolegateOne',
      means: 'something is down. Act.',
      do: 'see [RolegateTwo](#rolegatetwo).',
      links: ['RolegateTwo'],
    });
  });

  it('Two alerts are named together if the chapter of either links to the other', () => {
    const chapters = chaptersOf(RUNBOOK);
    expect(isNamedWith(chapters, 'RolegateTwo', 'RolegateOne')).toBe(true);
    expect(isNamedWith(chapters, 'RolegateOne', 'RolegateOne')).toBe(false);
  });
});
