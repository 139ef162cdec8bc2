import { EventEmitter } from 'node:events';
import { rolegateService } from '@rolegate/protocol';
import type { AgentReport, FeedUpdate } from '@rolegate/protocol';

const REPORT: AgentReport = { nodeName: 'node-a', version: '1' };

/** A duplex call like that of grpc-js; the test controls the agent's side. */
export function fakeCall(node: string | undefined) {
  const events = new EventEmitter();
  const written: FeedUpdate[] = [];
  const state = {
    ended: false,
    full: false,
    error: undefined as { code: number; details: string } | undefined,
  };
  events.on('error', (error: { code: number; details: string }) => (state.error ??= error));
  const hear = (bytes: Buffer) => events.emit('data', bytes);
  return Object.assign(events, {
    node,
    written,
    state,
    kinds: () => written.map((update) => Object.keys(update)[0]),
    getAuthContext: () => ({ node }),
    getPeer: () => '198.18.0.9:1234',
    metadata: { get: () => [] },
    write: (update: FeedUpdate) => written.push(update) > 0 && !state.full,
    end: () => (state.ended = true),
    report: (report: AgentReport = {}) =>
      hear(rolegateService.Feed.requestSerialize({ ...REPORT, ...report })),
    hear,
  });
}
