import { expect, it } from 'vitest';
import { containerTablesOf } from '../../container-credentials/table.ts';
import { rowsOf } from '../rows-of.ts';
import { refusedOutcome, servedOutcome, trialOf } from '../trials.ts';

it('The first table says whose credentials a client gets in each kind of Pod, whether it fetches new ones, and what it sends to a proxy', () => {
  const renewed = [servedOutcome(), servedOutcome({ accessKeyId: 'ASIA2' })];
  const rows = rowsOf(
    containerTablesOf([
      trialOf(),
      trialOf({ kind: 'host-network', answers: { containerCredentials: 2, statuses: ['200'], metadata: 0 } }),
      trialOf({ situation: 'renewed', seen: renewed, answers: undefined }),
      trialOf({ situation: 'proxied', seen: [refusedOutcome()], tokensToProxy: 3 }),
    ]),
  );
  expect(rows).toEqual([['boto3', 'its own', 'its own', '1 or 2', 'fetches new ones', 'gets the token']]);
});

it('Refusals that an application cannot distinguish share a row', () => {
  const trials = (['401', '403'] as const).flatMap((situation) =>
    (['ordinary', 'host-network'] as const).map((kind, at) =>
      trialOf({
        situation,
        kind,
        seen: [refusedOutcome({ error: `HTTP ${situation}`, tookMs: 1_000 + 200 * at })],
      }),
    ),
  );
  const [, ...rows] = rowsOf(containerTablesOf(trials));
  expect(rows).toEqual([['boto3', '401, 403', 'ordinary, host-network', '1', '1.0–1.2', '`HTTP STATUS`']]);
});

it('A client that was refused and then served by the metadata API is told from one that failed', () => {
  const trial = trialOf({
    situation: '401',
    answers: { containerCredentials: 1, statuses: ['401'], metadata: 2 },
  });
  const [, row = []] = rowsOf(containerTablesOf([trial]));
  expect(row.slice(3)).toEqual(['1, then 2 to the metadata API', '0.0', 'credentials from the metadata API']);
});

it('An error with a pipe or a backquote does not break the table', () => {
  const trial = trialOf({ situation: '404', seen: [refusedOutcome({ error: 'a|b `c`' })] });
  const [, row = []] = rowsOf(containerTablesOf([trial]));
  expect(row[5]).toBe("`a\\|b 'c'`");
});

it("Of a message about a chain of providers, the part about the container's is shown", () => {
  const chain =
    'chain [A(), ContainerCredentialsProvider()]: [A(): none, ContainerCredentialsProvider(): refused]';
  const [, row = []] = rowsOf(
    containerTablesOf([trialOf({ situation: '404', seen: [refusedOutcome({ error: chain })] })]),
  );
  expect(row[5]).toBe('`… ContainerCredentialsProvider(): refused]`');
});
