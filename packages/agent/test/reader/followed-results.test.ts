import { expect, it } from '@jest/globals';
import { silentLog } from '@rolegate/runtime';
import fc from 'fast-check';
import { lineOf } from '../../src/reader/messages.ts';
import { parseMessage } from '../../src/reader/parse-message.ts';
import type { ResultEvent } from '../../src/addresses/result-tap.ts';
import { createFollowedResults } from '../../src/reader/followed-results.ts';
import { knownPod } from '../addresses/known-pods.ts';
import { createTappedResults } from './reader-setup.ts';

const UIDS = ['a', 'b', 'c', 'd'] as const;
const IPS = ['10.1.0.1', '10.1.0.2', '10.1.0.3'] as const;

/** As it comes out of the socket. */
function wired(event: ResultEvent): ResultEvent {
  return parseMessage(lineOf(event).trimEnd()) as ResultEvent;
}

it('who follows, from whatever moment on, knows the same holders as who reads', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('give'), uid: fc.constantFrom(...UIDS), ips: fc.subarray([...IPS]) }),
    fc.record({ kind: fc.constantFrom('takeBack', 'forget', 'join'), uid: fc.constantFrom(...UIDS) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const results = createTappedResults({ log: silentLog });
      const follower = createFollowedResults();
      let leave: () => void = () => undefined;
      const join = () => {
        leave();
        follower.beginSnapshot();
        for (const event of results.tap.snapshot()) follower.take(wired(event));
        follower.endSnapshot();
        leave = results.tap.on((event) => {
          follower.take(wired(event));
        });
      };
      join();
      for (const { kind, uid, ...given } of steps) {
        if (kind === 'join') join();
        else if (kind === 'give') results.give(uid, 'ips' in given ? given.ips : []);
        else if (kind === 'takeBack') results.takeBack(uid);
        else results.forget(uid);
        const held = follower.held();
        for (const ip of IPS) expect(held.holder(ip)?.uid).toBe(results.held.holder(ip)?.uid);
        for (const one of UIDS) {
          // It may remember more: a Pod whose result is gone from a new snapshot counts as one that had one.
          const pod = knownPod({ uid: one });
          if (results.held.names(pod)) expect(held.names(pod)).toBe(true);
        }
      }
    }),
  );
});
