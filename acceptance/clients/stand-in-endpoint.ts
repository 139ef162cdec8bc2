// Stands in for the agent: serves container credentials as the Pod's name says, and counts its answers as the agent's metrics do.
// Arguments: the STS endpoint. Ends with its input.
import { createServer } from 'node:http';
import { containerCredentials } from '@rolegate/protocol';
import { PORTS } from '../network/addresses.ts';

const [, , stsUrl = ''] = process.argv;
let answers = 0;
let seconds = 3600;

interface Claims {
  readonly 'kubernetes.io': { readonly pod: { readonly name: string } };
}

function podOf(token: string): string {
  const claims = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString() || '{}';
  return (JSON.parse(claims) as Partial<Claims>)['kubernetes.io']?.pod.name ?? '';
}

async function issue(pod: string): Promise<string> {
  const account = pod.startsWith('ordinary') ? '111111111111' : '222222222222';
  const form = new URLSearchParams({
    Action: 'AssumeRole',
    RoleArn: `arn:aws:iam::${account}:role/team/served`,
    RoleSessionName: 'stand-in',
    DurationSeconds: '3600',
  });
  const answer = await fetch(stsUrl, {
    method: 'POST',
    headers: { authorization: 'AWS4-HMAC-SHA256 Credential=AKIASTANDIN/20261130/r/sts/aws4_request' },
    body: form.toString(),
  });
  const xml = await answer.text();
  const field = (name: string) => new RegExp(`<${name}>(.*)</${name}>`).exec(xml)?.[1];
  seconds = pod.endsWith('renewed') ? 12 : 3600;
  return JSON.stringify({
    AccessKeyId: field('AccessKeyId'),
    SecretAccessKey: field('SecretAccessKey'),
    Token: field('SessionToken'),
    AccountId: account,
    Expiration: new Date(Date.now() + seconds * 1000).toISOString().replace(/\.\d+/, ''),
  });
}

const endpoint = createServer((request, response) => {
  void (async () => {
    const token = request.headers.authorization ?? '';
    const pod = podOf(token);
    const named = /-(\d{3}|held)$/.exec(pod)?.[1] ?? '200';
    if (named === 'held') await new Promise((resolve) => setTimeout(resolve, 850));
    const status = named === 'held' ? 503 : Number(named);
    answers += 1;
    const code = { 401: 'TokenInvalid', 403: 'NamespaceDenied', 404: 'NoRole' }[status] ?? 'HeldTimeout';
    const message = 'a message for the user';
    const refusal = JSON.stringify({ Code: code, code, Message: message, message, requestId: 'r' });
    const body = status === 200 ? await issue(pod) : refusal;
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(status === 503 && { 'retry-after': '1' }),
    });
    response.end(body);
  })();
});
const metrics = createServer((_, response) => {
  response.end(`rolegate_requests_total{route="container-credentials",status="0",reason=""} ${answers}\n`);
});
endpoint.listen(containerCredentials.port, containerCredentials.addresses.ipv4, () => {
  metrics.listen(PORTS.agentOps, '127.0.0.1', () => {
    console.log('ready');
  });
});
process.stdin.resume().once('end', () => process.kill(process.pid));
