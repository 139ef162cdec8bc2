// The stand-in for STS. Its sessions last seconds, so that each is renewed many times during the suite.
import { startSts } from '@rolegate/testing';
import { serveCalls } from '../../../processes/serve-calls.ts';
import type { StsCalls } from '../calls.ts';

const LATENCY_MS = 50;
/** Stands for an hour; the server renews at the same share of the lifetime. Seconds. */
const SESSION_SECONDS = 15;

const sts = await startSts({ latencyMs: LATENCY_MS, longestSeconds: SESSION_SECONDS });

serveCalls({
  url: () => sts.url,
  calls: (namespacePrefix) =>
    sts.calls.filter(({ sessionName }) => sessionName.startsWith(namespacePrefix)).length,
} satisfies StsCalls);
