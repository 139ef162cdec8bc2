// Runs in a Pod's namespace: sends a fixed answer to everything on port 80 and keeps connections open. Ends with its input.
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
