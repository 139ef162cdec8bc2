import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Finds a program: the file that `variable` names, which must exist, or the one on PATH, if any. */
export function findProgram({ name, variable }: { name: string; variable: string }): string | undefined {
  const given = process.env[variable] ?? '';
  if (given !== '') {
    accessSync(given, constants.X_OK);
    return given;
  }
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
