// Runs in a Pod's network namespace and has the IPv4 address of the metadata API there: passes requests on to its IPv6 address, each
// GET with a token that nobody has issued, so that the agent refuses it. Ends with its input.
import { createServer, request as send } from 'node:http';
import { METADATA } from '../network/addresses.ts';

const TOKEN = 'x-aws-ec2-metadata-token';

const server = createServer((request, response) => {
  const { method, url, headers } = request;
  const broken = method === 'PUT' ? {} : { [TOKEN]: 'AQAAAissuedbynobody' };
  const forwarded = send(
    { host: METADATA.ipv6, path: url, method, headers: { ...headers, host: METADATA.ipv4, ...broken } },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  forwarded.on('error', () => {
    response.writeHead(502).end();
  });
  request.pipe(forwarded);
});
server.listen(80, METADATA.ipv4, () => {
  console.log('ready');
});
process.stdin.resume().once('end', () => process.kill(process.pid));
