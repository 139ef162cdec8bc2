import { systemClock } from '@rolegate/runtime';
import { createSts } from '../../../packages/server/src/credentials/sts/sts.ts';
import { serveCalls } from '../../processes/serve-calls.ts';

export interface StsLoop {
  readonly endpoint: string;
  readonly region: string;
  readonly roleArns: readonly string[];
  readonly inFlight: number;
}

const calls = {
  /** Assumes each role once with the server's STS client only. Returns milliseconds. */
  async run({ endpoint, region, roleArns, inFlight }: StsLoop): Promise<number> {
    const credentialProvider = () => Promise.resolve({ accessKeyId: 'AKIABENCH', secretAccessKey: 'bench' });
    const sts = createSts({ region, endpoint, credentialProvider, clock: systemClock });
    const startMs = performance.now();
    const waiting = roleArns.values();
    const worker = async () => {
      for (const roleArn of waiting)
        await sts.assumeRole({ roleArn, sessionName: 'bench.default', tags: [], durationSeconds: 3600 });
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
    sts.close();
    return performance.now() - startMs;
  },
};
export type StsLoopCalls = typeof calls;
serveCalls(calls);
