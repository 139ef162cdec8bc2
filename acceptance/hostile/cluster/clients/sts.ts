// The stand-in for STS. Its sessions live for seconds, so that each is renewed many times in a suite of minutes.
import { startSts } from '@rolegate/testing';
import { serveCalls } from '../../../processes/serve-calls.ts';
import type { StsCalls } from '../orders.ts';

const LATENCY_MS = 50;
/** An hour becomes this; the server renews at the same shares of it. Seconds. */
const SESSION_SECONDS = 15;

const sts = await startSts({ latencyMs: LATENCY_MS, longestSeconds: SESSION_SECONDS });

serveCalls({
  url: () => sts.url,
  calls: (namespacePrefix) =>
    sts.calls.filter(({ sessionName }) => sessionName.startsWith(namespacePrefix)).length,
} satisfies StsCalls);
