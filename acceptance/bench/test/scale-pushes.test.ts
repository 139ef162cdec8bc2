import { describe, expect, it } from 'vitest';
import { createObservations } from '../scale/observations.ts';
import { delays } from '../scale/pushes.ts';

const uidsOf = (times: readonly (readonly [string, number])[]) => times.map(([uid]) => uid);

function setup() {
  const observations = createObservations();
  const cached = new Set<string>();
  const allow = (uid: string, sessionId: string) => {
    observations.note({ pod: { uid, allow: { sessionId } } } as never, (id) => cached.has(id));
  };
  const credentials = (sessionId: string) => {
    cached.add(sessionId);
    observations.note({ session: { sessionId, credentials: {} } } as never, (id) => cached.has(id));
  };
  return { observations, allow, credentials };
}

describe('Observations of simulated agents', () => {
  it('A Pod has credentials when its decision and those of its session have arrived, in any order', () => {
    const { observations, allow, credentials } = setup();
    credentials('early');
    allow('a', 'early');
    allow('b', 'late');
    expect(uidsOf(observations.take().credentials)).toEqual(['a']);
    credentials('late');
    expect(uidsOf(observations.take().credentials)).toEqual(['a', 'b']);
    expect(uidsOf(observations.take().allowed)).toEqual(['a', 'b']);
  });

  it('Only the first time counts, until the observations are cleared', () => {
    const { observations, allow } = setup();
    allow('a', 's');
    const [first] = observations.take().allowed;
    allow('a', 's');
    expect(observations.take().allowed).toEqual([first]);
    observations.clear();
    expect(observations.take().allowed).toEqual([]);
  });
});

it('Delays are those of the Pods that arrived', () => {
  const began = [
    ['a', 10],
    ['lost', 11],
    ['b', 12],
  ] as const;
  const arrived = [
    ['b', 20],
    ['other', 1],
    ['a', 15],
  ] as const;
  expect(delays(began, arrived)).toEqual([5, 8]);
});
