// Runs in a network namespace: relays between its ports and Unix sockets. Arguments: FROM TO, repeated. Ends with its input.
import { startRelay } from './relay.ts';

const ends = process.argv.slice(2).map((word) => (/^\d+$/.test(word) ? Number(word) : word));
for (let at = 0; at + 1 < ends.length; at += 2) await startRelay(ends[at] ?? '', ends[at + 1] ?? '');
console.log('ready');
process.stdin.resume().once('end', () => process.kill(process.pid));
