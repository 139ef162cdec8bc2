import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createOurs } from './accepted.ts';

export interface FuzzResult {
  readonly inputs: number;
  /** Requests made from the inputs. */
  readonly requests: number;
  /** Heap growth after collection since the first tenth. Bytes; NaN without `--expose-gc`. */
  readonly heapGrowth: number;
}

const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, 'recorded-heads.json'), 'utf8'),
) as readonly { readonly bytes: string }[];
const seeds = recorded.map(({ bytes }) => bytes);

/** Texts that parsers tend to read differently, and edges of limits. */
const SPLINTERS = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  ':',
  '\r\n ',
  'Transfer-Encoding: chunked\r\n',
  'Content-Length: 5\r\n',
  'Content-Length: 99999999999999\r\n',
  'Expect: 100-continue\r\n',
  'Connection: close\r\n',
  'Upgrade: h2c\r\n',
  '0\r\n\r\n',
  'ffffff\r\n',
  '5;x=y\r\nhello\r\n',
  '\x80\xff',
  'a'.repeat(17_000),
  'X: y\r\n'.repeat(120),
];

/**
 * Sends inputs made of real requests. The same seed makes the same inputs. Rejects with the seed and the number of the
 * input at which the server failed.
 */
export async function fuzz({
  inputs,
  seed,
}: {
  readonly inputs: number;
  readonly seed: number;
}): Promise<FuzzResult> {
  const random = mulberry32(seed);
  const ours = await createOurs();
  let requests = 0;
  let heapBefore = NaN;

  for (let input = 0; input < inputs; input += 1) {
    const pieces = cut(mutated(random), random);
    try {
      requests += (await ours(pieces)).length;
    } catch (cause) {
      throw new Error(`seed ${seed}, input ${input}: ${JSON.stringify(pieces).slice(0, 2_000)}`, { cause });
    }
    if (input === Math.floor(inputs / 10)) heapBefore = heapNow();
  }
  return { inputs, requests, heapGrowth: heapNow() - heapBefore };
}

function mutated(random: () => number): string {
  let text = pick(seeds, random);
  if (random() < 0.3) text += pick(seeds, random);
  const changes = Math.floor(random() * 6);
  for (let change = 0; change < changes; change += 1) {
    const at = Math.floor(random() * (text.length + 1));
    const kind = random();
    if (kind < 0.45) text = text.slice(0, at) + pick(SPLINTERS, random) + text.slice(at);
    else if (kind < 0.65) text = text.slice(0, at) + text.slice(at + Math.ceil(random() * 8));
    else if (kind < 0.85)
      text = text.slice(0, at) + String.fromCharCode(Math.floor(random() * 256)) + text.slice(at + 1);
    else text = text.slice(0, at) + text.slice(Math.floor(random() * at), at) + text.slice(at);
  }
  return text;
}

function cut(text: string, random: () => number): string[] {
  const pieces: string[] = [];
  let rest = text;
  while (rest !== '' && pieces.length < 4 && random() < 0.5) {
    const length = 1 + Math.floor(random() * rest.length);
    pieces.push(rest.slice(0, length));
    rest = rest.slice(length);
  }
  return rest === '' ? pieces : [...pieces, rest];
}

function pick(from: readonly string[], random: () => number): string {
  return from[Math.floor(random() * from.length)] ?? '';
}

/** Tommy Ettinger's 32-bit generator, in the public domain: small, fast and the same everywhere. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function heapNow(): number {
  if (globalThis.gc === undefined) return NaN;
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: { inputs: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
  });
  const startMs = performance.now();
  const { inputs, requests, heapGrowth } = await fuzz({
    inputs: Number(values.inputs),
    seed: Number(values.seed),
  });
  const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
  console.log(
    `${inputs} inputs in ${seconds} s, ${requests} requests, heap ${(heapGrowth / 1024).toFixed(0)} kB`,
  );
}
