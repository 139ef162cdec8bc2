import { metricSamples, runCommand, sumOfSamples } from '@rolegate/testing';
import { PORTS, STS_URL } from '../network/addresses.ts';
import type { Namespaces } from '../network/namespaces.ts';
import { startScript } from '../processes/start-script.ts';
import type { AnswerCounts } from './trial.ts';

/** The endpoint of the node. */
export interface Endpoint {
  /** Since it was started. */
  readonly answers: () => Promise<AnswerCounts>;
  /** Restarts the agent with a different hold. Milliseconds. */
  readonly holdFor: (ms: number) => Promise<void>;
}

export async function startEndpoint(namespaces: Namespaces, stack: AsyncDisposableStack): Promise<Endpoint> {
  const node = namespaces.enter('node');
  await namespaces.ip('node', [
    'link add rolegate0 type bridge',
    'addr add 169.254.170.23/32 dev rolegate0',
    'addr add fd00:ec2::23/128 dev rolegate0 nodad noprefixroute',
    'link set rolegate0 up',
  ]);
  stack.defer((await startScript(node, new URL('./stand-in-endpoint.ts', import.meta.url), [STS_URL])).stop);
  return {
    async answers() {
      const url = `http://127.0.0.1:${PORTS.agentOps}/metrics`;
      const { stdout } = await runCommand([...node, 'curl', '-sf', '-m', '2', url]);
      const samples = metricSamples(stdout);
      const containerCredentials = sumOfSamples(
        samples,
        'rolegate_requests_total',
        /route="container-credentials"/,
      );
      const all = sumOfSamples(samples, 'rolegate_requests_total');
      return { containerCredentials, metadata: all - containerCredentials };
    },
    holdFor: () => Promise.resolve(),
  };
}
