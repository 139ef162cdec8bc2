import { EventEmitter } from 'node:events';
import type { AgentReportRead, FeedUpdate } from '@rolegate/protocol';

const REPORT: AgentReportRead = {
  nodeName: 'node-a',
  version: '1',
  heldSessions: [],
  interception: null,
  firstDeliveries: [],
  answersByReason: {},
  usedSessionIds: [],
};

/** A duplex call as grpc-js gives it, with the agent's side in the test's hands. */
export function fakeCall(node: string | undefined) {
  const events = new EventEmitter();
  const written: FeedUpdate[] = [];
  const state = { ended: false, error: undefined as { code: number; details: string } | undefined };
  events.on('error', (error: { code: number; details: string }) => (state.error ??= error));
  return Object.assign(events, {
    node,
    written,
    state,
    kinds: () => written.map((update) => Object.keys(update)[0]),
    getAuthContext: () => ({ node }),
    getPeer: () => '198.18.0.9:1234',
    metadata: { get: () => [] },
    write: (update: FeedUpdate) => written.push(update) > 0,
    end: () => (state.ended = true),
    report: (report: Partial<AgentReportRead> = {}) => events.emit('data', { ...REPORT, ...report }),
  });
}
