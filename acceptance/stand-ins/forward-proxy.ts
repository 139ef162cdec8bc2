// Stands in for the HTTP proxy of a cluster: forwards plain HTTP. GET /tokens on itself answers how often it was sent an Authorization
// header for the host. Arguments: HOST PORT TOKEN_HOST. Ends with its input.
import { createServer, request as send } from 'node:http';

const [, , host = '', port = '', tokenHost = ''] = process.argv;
let tokens = 0;

const server = createServer((request, response) => {
  const target = request.url ?? '';
  if (!URL.canParse(target)) {
    response.end(String(tokens));
    return;
  }
  const { method, headers } = request;
  if (new URL(target).hostname === tokenHost && headers.authorization !== undefined) tokens += 1;
  const forwarded = send(target, { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  forwarded.on('error', () => {
    response.writeHead(502).end();
  });
  request.pipe(forwarded);
});
server.listen(Number(port), host, () => {
  console.log('ready');
});
process.stdin.resume().once('end', () => process.kill(process.pid));
