import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackedPackage } from '../catalog/debian.ts';
import type { Client } from '../client.ts';
import { prepareClient } from '../prepare.ts';

const VERSION = '0.9.10-2.1';

/** Prepared like a client. */
const libfaketime: Client = {
  name: `libfaketime ${VERSION}`,
  files: [],
  download: [
    ...unpackedPackage('libfaketime', VERSION),
    ['sh', '-ec', 'ln -s package/usr/lib/*/faketime/libfaketimeMT.so.1 faketime.so'],
  ],
  program: () => [],
};

/** The time of day of a process, which can be moved on while it runs. Its timeouts are not changed. */
export interface MovedClock {
  /** The variables of the process. */
  readonly env: Readonly<Record<string, string>>;
  /** Moves the clock on from now on, for example by `+30m`. */
  readonly moveOn: (by: string) => Promise<void>;
}

/** Installs what moves the clock. Throws `Skipped` if this machine cannot have it. */
export function prepareMovedClock(): Promise<string> {
  return prepareClient(libfaketime);
}

export async function openMovedClock({
  installed,
  file,
}: {
  readonly installed: string;
  readonly file: string;
}): Promise<MovedClock> {
  await writeFile(file, '+0\n');
  return {
    env: {
      LD_PRELOAD: join(installed, 'faketime.so'),
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    moveOn: (by) => writeFile(file, `${by}\n`),
  };
}
