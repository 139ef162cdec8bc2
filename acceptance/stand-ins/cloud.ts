// Runs in the cloud's network namespace: serves the metadata API and answers on other ports. Ends with its input.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { startImds } from '@rolegate/testing';
import { ECHO_PORTS, METADATA } from '../network/addresses.ts';
import { CLOUD_HEADER, cloudTree, ECHO } from './sentinels.ts';

async function echoTcp(host: string, port: number): Promise<void> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(ECHO);
  });
  await once(server.listen(port, host), 'listening');
}

async function echoUdp(host: string, port: number): Promise<void> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (_, from) => {
    socket.send(ECHO, from.port, from.address);
  });
  socket.bind(port, host);
  await once(socket, 'listening');
}

for (const host of Object.values(METADATA)) {
  await startImds({ host, port: 80, tokensRequired: false, tree: cloudTree, headers: CLOUD_HEADER });
  for (const port of ECHO_PORTS.tcp) await echoTcp(host, port);
  for (const port of ECHO_PORTS.udp) await echoUdp(host, port);
}
console.log('ready');
process.stdin.resume().once('end', () => process.kill(process.pid));
