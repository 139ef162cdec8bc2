import { createHash } from 'node:crypto';
import { StateFault } from './shape.ts';

const KIND = 'rolegate-agent-state';
/** Raised with each change that older or newer agents would misread. */
const VERSION = 1;
const HEADER = /^(\S+) (\d+) ([0-9a-f]{64})$/;
const LONGEST_HEADER = 128;

/** The file's bytes: a header line with the kind, version and a hash, then the state. */
export function fileOf(state: string): Buffer {
  const body = Buffer.from(state);
  return Buffer.concat([Buffer.from(`${KIND} ${VERSION} ${hashOf(body)}\n`), body]);
}

/** The first line of `fileOf`'s output: equal if all of it is equal. */
export function headerOf(file: Buffer): string {
  return file.toString('latin1', 0, file.indexOf('\n'));
}

/** The state in a file. Throws a StateFault if the file is damaged or of another version. */
export function stateIn(file: Buffer): string {
  const end = file.subarray(0, LONGEST_HEADER).indexOf('\n');
  const [, kind, version, hash] = HEADER.exec(file.toString('latin1', 0, Math.max(0, end))) ?? [];
  if (kind !== KIND) throw new StateFault('it is not a state of rolegate-agent');
  if (version !== String(VERSION)) throw new StateFault(`it has version ${version ?? ''}, not ${VERSION}`);
  const body = file.subarray(end + 1);
  if (hashOf(body) !== hash) throw new StateFault('it is truncated or damaged');
  return body.toString();
}

function hashOf(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}
