// Runs in the namespace of a Pod: answers whatever comes to port 80 with the same words, and keeps the connection open. Ends when
// its input does.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { HIJACKED } from './portmap.ts';

const server = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.on('data', () =>
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${HIJACKED.length}\r\n\r\n${HIJACKED}`),
  );
});
await once(server.listen(80, '::'), 'listening');
console.log('ready');
process.stdin.resume().once('end', () => process.kill(process.pid));
