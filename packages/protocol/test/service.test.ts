import { describe, expect, it } from 'vitest';
import { rolegateService } from '@rolegate/protocol';
import type { AgentReport, FeedUpdate } from '@rolegate/protocol';

const report = (message: AgentReport) =>
  rolegateService.Feed.requestDeserialize(rolegateService.Feed.requestSerialize(message));
const update = (message: FeedUpdate) =>
  rolegateService.Feed.responseDeserialize(rolegateService.Feed.responseSerialize(message));

describe('Service', () => {
  it('The service has the method paths of the wire format', () => {
    expect(Object.values(rolegateService).map(({ path }) => path)).toEqual([
      '/rolegate.v1.Rolegate/Feed',
      '/rolegate.v1.Rolegate/Resolve',
      '/rolegate.v1.Rolegate/Attest',
      '/rolegate.v1.Rolegate/ReviewToken',
    ]);
    expect(rolegateService.Feed).toMatchObject({ requestStream: true, responseStream: true });
  });

  it('A message that was read has every field, and names the set field of a choice', () => {
    expect(update({ podRemoved: { uid: 'u' } })).toEqual({
      update: 'podRemoved',
      podRemoved: { uid: 'u', resourceVersion: '' },
    });
    expect(report({})).toEqual({
      nodeName: '',
      version: '',
      heldSessions: [],
      interception: null,
      firstDeliveries: [],
      answersByReason: {},
      usedSessionIds: [],
      newestSeen: null,
    });
  });

  it('A layer that was not inspected differs from a missing one in a report', () => {
    const { interception } = report({ interception: { nat: false, filter: true } });
    expect(interception).toEqual({ nat: false, _nat: 'nat', filter: true, _filter: 'filter' });
  });

  it('Times stay numbers and secrets stay unchanged on the wire', () => {
    const credentials = {
      accessKeyId: 'ASIAEXAMPLE',
      secretAccessKey: 'sécret/+=',
      sessionToken: 't'.repeat(4_000),
      remainingMs: 3_599_999,
      lifetimeMs: 3_600_000,
      accountId: '012345678901',
      fingerprint: 'f',
    };
    expect(update({ session: { sessionId: 's', credentials } }).session?.credentials).toEqual(credentials);
    expect(report({ answersByReason: { '': 2 ** 40, NoRole: 1 } }).answersByReason).toEqual({
      '': 2 ** 40,
      NoRole: 1,
    });
  });

  it('Fields added by a later version are ignored', () => {
    const later = Buffer.concat([
      rolegateService.Resolve.requestSerialize({ ip: '192.0.2.1' }),
      Buffer.from([0xfa, 0x01, 0x01, 0x78]), // field 31, a string of one letter
    ]);
    expect(rolegateService.Resolve.requestDeserialize(later)).toEqual({ ip: '192.0.2.1' });
  });

  it('Bytes that are not a message are refused with an error', () => {
    expect(() => rolegateService.Resolve.requestDeserialize(Buffer.from([0x0a, 0xff]))).toThrow();
  });
});
