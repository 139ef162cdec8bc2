// Loaded into a program under test by --import. Answers each connection to a unix socket with what the process holds after a
// full garbage collection. It adds a listening socket to what it counts.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pid } from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { getHeapSpaceStatistics, getHeapStatistics, queryObjects, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const { AbortSignal, clearTimeout, process, setTimeout, URL } = globalThis;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
const timer = setTimeout(() => undefined);
const Timeout = timer.constructor;
clearTimeout(timer);

/** Bytecode, machine code and what V8 needs with them. */
const CODE_SPACES = /^(code|trusted)_/;

async function memory() {
  collect();
  // What finalizers release is collected the second time.
  await setImmediate();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  const codeBytes = getHeapSpaceStatistics()
    .filter(({ space_name: name }) => CODE_SPACES.test(name))
    .reduce((sum, { space_used_size: size }) => sum + size, 0);
  const { total_physical_size: heapBytes } = getHeapStatistics();
  return { liveBytes: heapUsed + external - codeBytes, codeBytes, heapBytes };
}

/** Summaries of maps and sets begin with the size: `Map(3) {…`, `Names(3) [Map] {…`. */
function objects() {
  // The first inspection makes a set of its own, which would count as growth.
  queryObjects(Set, { format: 'summary' });
  const all = [Map, Set].flatMap((type) => queryObjects(type, { format: 'summary' }));
  return {
    timers: queryObjects(Timeout, { format: 'count' }),
    signals: queryObjects(AbortSignal, { format: 'count' }),
    maps: all.length,
    entries: all.reduce((sum, text) => sum + Number(/^[^({[]*\((\d+)\)/.exec(text)?.[1] ?? 0), 0),
  };
}

async function answer(socket) {
  const [word] = await once(socket, 'data');
  const held = await memory();
  socket.end(JSON.stringify(String(word) === 'objects' ? { ...held, ...objects() } : held));
}

const folder = fileURLToPath(new URL(import.meta.url).searchParams.get('folder'));
createServer((socket) => {
  // The suite may have given up. It sees a failure as an answer that is not JSON.
  socket.on('error', () => undefined);
  answer(socket).catch(() => socket.destroy());
})
  .listen(join(folder, `${pid}.sock`))
  .unref();
