// Runs on the node as any user: shares a port of the agent with SO_REUSEPORT and sends a fixed answer. Ends with its input.
import { once } from 'node:events';
import { createServer } from 'node:net';

const [, , host = '', port = '', words = ''] = process.argv;
const server = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${words.length}\r\n\r\n${words}`);
  socket.resume();
});
await once(server.listen({ host, port: Number(port), reusePort: true }), 'listening');
console.log('ready');
process.stdin.resume().once('end', () => process.kill(process.pid));
