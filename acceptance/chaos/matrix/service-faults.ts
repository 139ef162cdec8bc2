import { everythingWaits, noEffect } from './fault.ts';
import type { Expected, Fault } from './fault.ts';
import { closePorts, cutThenRefuse, delay } from '../port-faults.ts';
import type { Recover } from '../port-faults.ts';

const DURATION_MS = 4_000;
const STS_DELAY_MS = 1_500;
const API_DELAY_MS = 500;
/** When a service switches to another kind of refusal. Milliseconds. */
const OTHER_WAY_AFTER_MS = DURATION_MS / 2;

/** Only new roles depend on STS. */
const onlyNewRolesWait: Expected = { changes: 'in force', newRole: 'afterwards' };

const sts = { component: 'STS', expected: onlyNewRolesWait, durationMs: DURATION_MS } as const;
const api = { component: 'API server', expected: everythingWaits, durationMs: DURATION_MS } as const;

export const serviceFaults: readonly Fault[] = [
  { ...sts, mode: 'kill', how: 'no listener', inject: ({ ports }) => closePorts([ports.sts]) },
  {
    ...sts,
    mode: 'hang',
    how: 'accepts calls without answering',
    inject({ sts: service }) {
      service.hang();
      return () => {
        service.resume();
      };
    },
  },
  {
    ...sts,
    mode: 'slow',
    how: `each answer ${STS_DELAY_MS} ms late`,
    expected: noEffect,
    inject({ sts: service }) {
      service.latency(STS_DELAY_MS);
      return () => {
        service.latency(0);
      };
    },
  },
  {
    ...sts,
    mode: 'cut',
    how: 'each call is reset, then each connection',
    inject({ sts: service, ports }) {
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
    mode: 'refuse',
    how: 'ServiceUnavailable, then Throttling',
    inject({ sts: service }) {
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
  { ...api, mode: 'kill', how: 'no listener', inject: ({ ports }) => closePorts(ports.apis) },
  {
    ...api,
    mode: 'hang',
    how: 'accepts requests without answering; watches are silent',
    inject({ api: service }) {
      service.hang();
      return () => {
        service.resume();
      };
    },
  },
  {
    ...api,
    mode: 'slow',
    how: `each chunk ${API_DELAY_MS} ms late`,
    expected: noEffect,
    inject: ({ ports }) => delay(ports.apis, API_DELAY_MS),
  },
  {
    ...api,
    mode: 'cut',
    how: 'connections reset every 300 ms, then refused',
    inject: ({ ports }) => cutThenRefuse(ports.apis),
  },
  {
    ...api,
    mode: 'refuse',
    how: '500, then 403; watches cannot resume',
    inject({ api: service }) {
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

function inTwoWays(otherWay: () => void, end: () => void): Recover {
  const timer = setTimeout(otherWay, OTHER_WAY_AFTER_MS);
  return () => {
    clearTimeout(timer);
    end();
  };
}
