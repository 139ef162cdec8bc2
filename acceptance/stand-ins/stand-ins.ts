// Runs the stand-ins for the API server and STS in a network namespace. Serves calls as lines of JSON on the Unix socket named by
// the first argument. The second argument is the address of STS. Ends with its input.
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { containerCredentials } from '@rolegate/protocol';
import { createIssuerKey, startKubernetesApi, startSts } from '@rolegate/testing';
import { NODE, PORTS } from '../network/addresses.ts';
import type { StandInCall, StandInResult } from './calls.ts';

const [, , path = '', stsHost = NODE.ipv4] = process.argv;
const api = await startKubernetesApi({ port: PORTS.api });
const unpublished = createIssuerKey();
const sts = await startSts({ host: stsHost, port: PORTS.sts });

function perform(call: StandInCall): unknown {
  switch (call.do) {
    case 'apply':
      api.apply(call.object);
      return null;
    case 'delete':
      api.delete(call.kind, call.namespace, call.name);
      return null;
    case 'token':
      return api.issueToken({
        audiences: [containerCredentials.audience],
        pod: `${call.namespace}/${call.name}`,
        ...(call.unpublished === true && { key: unpublished }),
      });
    case 'token-reviews':
      return api.tokenReviews;
    case 'kubeconfig':
      return api.kubeconfig();
    case 'fail-sts':
      sts.fail(call.roleArn, call.fault);
      return null;
    case 'limit-sessions':
      sts.limitLifetime(call.seconds);
      return null;
    case 'sts-calls':
      return sts.calls.length;
  }
}

function resultOf(line: string): StandInResult {
  try {
    return { result: perform(JSON.parse(line) as StandInCall) };
  } catch (error) {
    return { fault: String(error) };
  }
}

const server = createServer((socket) => {
  socket.on('error', () => undefined);
  createInterface({ input: socket }).on('line', (line) => {
    socket.write(`${JSON.stringify(resultOf(line))}\n`);
  });
});
server.listen(path, () => {
  console.log('ready');
});
process.stdin.resume().once('end', () => process.kill(process.pid));
