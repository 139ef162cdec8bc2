import { allWaits, nobodyNotices } from './fault.ts';
import type { Fault, Expected } from './fault.ts';
import { cutThenRefuse, delay, shut } from '../harm-ports.ts';

const LASTS_MS = 4_000;
const STS_DELAY_MS = 1_500;
const API_DELAY_MS = 500;
/** Where a service refuses, it does so in one way for half of the time and in another for the rest. Milliseconds. */
const OTHER_WAY_AFTER_MS = LASTS_MS / 2;

/** Nothing new comes from STS; all else goes on. */
const onlyNewRolesWait: Expected = { changes: 'in force', newRole: 'after it' };

/** `lastsMs` is kept in full: a change that is in force at once says little of the rest. */
const sts = { target: 'STS', expected: onlyNewRolesWait, lastsMs: LASTS_MS } as const;
const api = { target: 'API server', expected: allWaits, lastsMs: LASTS_MS } as const;

export const serviceFaults: readonly Fault[] = [
  { ...sts, harm: 'kill', how: 'nobody listens', strike: ({ ports }) => shut([ports.sts]) },
  {
    ...sts,
    harm: 'hang',
    how: 'takes calls, answers none',
    strike: ({ sts: service }) => {
      service.hang();
      return Promise.resolve(() => {
        service.resume();
        return Promise.resolve();
      });
    },
  },
  {
    ...sts,
    harm: 'slow',
    how: `each answer ${STS_DELAY_MS} ms late`,
    expected: nobodyNotices,
    strike: ({ sts: service }) => {
      service.latency(STS_DELAY_MS);
      return Promise.resolve(() => {
        service.latency(0);
        return Promise.resolve();
      });
    },
  },
  {
    ...sts,
    harm: 'cut',
    how: 'each call is reset, then each connection',
    strike: ({ sts: service, ports }) => {
      const { proxy } = ports.sts;
      service.fail('all', 'Reset');
      return inTwoWays(
        () => {
          proxy.refuse();
          proxy.cut();
        },
        () => {
          service.mend('all');
          proxy.accept();
        },
      );
    },
  },
  {
    ...sts,
    harm: 'refuse',
    how: 'ServiceUnavailable, then Throttling',
    strike: ({ sts: service }) => {
      service.fail('all', 'ServiceUnavailable');
      return inTwoWays(
        () => {
          service.fail('all', 'Throttling');
        },
        () => {
          service.mend('all');
        },
      );
    },
  },
  { ...api, harm: 'kill', how: 'nobody listens', strike: ({ ports }) => shut(ports.apis) },
  {
    ...api,
    harm: 'hang',
    how: 'takes requests, answers none; watches are silent',
    strike: ({ api: service }) => {
      service.hang();
      return Promise.resolve(() => {
        service.resume();
        return Promise.resolve();
      });
    },
  },
  {
    ...api,
    harm: 'slow',
    how: `each chunk ${API_DELAY_MS} ms late`,
    expected: nobodyNotices,
    strike: ({ ports }) => Promise.resolve(delay(ports.apis, API_DELAY_MS)),
  },
  {
    ...api,
    harm: 'cut',
    how: 'connections reset every 300 ms, then refused',
    strike: (world) => Promise.resolve(cutThenRefuse(world.ports.apis)),
  },
  {
    ...api,
    harm: 'refuse',
    how: '500, then 403; its history is forgotten',
    strike: ({ api: service }) => {
      service.refuse(500);
      service.compact();
      service.dropWatches();
      return inTwoWays(
        () => {
          service.refuse(403);
        },
        () => {
          service.refuse(undefined);
        },
      );
    },
  },
];

function inTwoWays(otherWay: () => void, end: () => void): ReturnType<Fault['strike']> {
  const timer = setTimeout(otherWay, OTHER_WAY_AFTER_MS);
  return Promise.resolve(() => {
    clearTimeout(timer);
    end();
    return Promise.resolve();
  });
}
