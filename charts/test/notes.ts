import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { objectsOf } from './objects.ts';
import { chartFolder, rendered } from './rendering.ts';

/** What helm prints after an installation. `helm template` leaves it out, so a copy of the chart renders it as an object. */
export function notesOf(options: Omit<Parameters<typeof rendered>[0], 'from'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'rolegate-notes-'));
  try {
    cpSync(chartFolder(options.chart), folder, { recursive: true });
    const notes = '{{ include (print .Template.BasePath "/NOTES.txt") . | toJson }}';
    writeFileSync(join(folder, 'templates/notes.yaml'), `kind: Notes\ntext: ${notes}\n`);
    const object = objectsOf(rendered({ ...options, from: folder })).find(({ kind }) => kind === 'Notes');
    return String(object?.['text']);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
