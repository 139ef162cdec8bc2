import { expect, it } from 'vitest';
import { metadataTablesOf } from '../../metadata/table.ts';
import type { MetadataTrial } from '../../metadata/trial.ts';
import { rowsOf } from '../rows-of.ts';
import { client, refusedOutcome, servedOutcome } from '../trials.ts';
import { metadataTrialOf, packetsOf, request } from './trials.ts';

const tableRowsOf = (trials: readonly MetadataTrial[]) => rowsOf(metadataTablesOf(trials));

const refused = (situation: MetadataTrial['situation'], differences: Partial<MetadataTrial> = {}) =>
  metadataTrialOf({ situation, seen: [refusedOutcome()], ...differences });

it('A client has one row with its requests, its times and what it can do', () => {
  const restarted = [servedOutcome(), servedOutcome({ accessKeyId: 'ASIA2' })];
  const [row] = tableRowsOf([
    metadataTrialOf(),
    metadataTrialOf({ situation: 'late300', seen: [servedOutcome({ tookMs: 314 })] }),
    refused('late900', { seen: [refusedOutcome({ tookMs: 860 })] }),
    metadataTrialOf({ situation: 'heldLonger', seen: [servedOutcome({ tookMs: 912 })] }),
    metadataTrialOf({ situation: 'region', seen: [servedOutcome({ region: 'eu-central-1' })] }),
    metadataTrialOf({ situation: 'imdsv2' }),
    metadataTrialOf({ situation: 'restart', seen: restarted }),
  ]);
  expect(row).toEqual([
    'boto3',
    '3',
    '0.01 s',
    '0.31 s',
    'fails, 0.86 s',
    '0.91 s',
    'eu-central-1',
    'yes',
    '–',
    'yes',
    '–',
  ]);
});

it('A client without tokens is shown as refused where IMDSv2 is required', () => {
  const [row = []] = tableRowsOf([refused('imdsv2', { client: { ...client, imdsv1: true } })]);
  expect(row[7]).toBe('refused with 401');
});

it('Failures that an application cannot distinguish share a row', () => {
  const [, ...rows] = tableRowsOf([
    refused('403', { packets: packetsOf(403) }),
    refused('503', { packets: packetsOf(503), seen: [refusedOutcome({ tookMs: 1_900 })] }),
    refused('404', { packets: [request()] }),
  ]);
  expect(rows).toEqual([
    ['boto3', '403, 503', '3', '1.0–1.9', '`refused`'],
    ['boto3', '404', '1', '1.0', '`refused`'],
  ]);
});

it('A success after three seconds is no failure', () => {
  expect(tableRowsOf([metadataTrialOf({ situation: 'late3000' })])).toHaveLength(1);
});

it('A client that is replayed is marked, with the source of its requests', () => {
  const text = metadataTablesOf([metadataTrialOf({ client: { ...client, replayed: 'its source' } })]);
  expect(text).toContain('| boto3 (replayed) |');
  expect(text).toContain('- boto3 is not run: its requests are replayed from its source.');
});

it('A client that misreads the document is shown with the time of the document', () => {
  const misreading = { ...client, misreads: 'it looks for another name' };
  const trials = [
    refused('known', { client: misreading, seen: [refusedOutcome({ tookMs: 20 })] }),
    refused('late900', { client: misreading, packets: packetsOf(503) }),
  ];
  const [row = []] = tableRowsOf(trials);
  expect([row[2], row[4]]).toEqual(['0.02 s', 'fails, 1.00 s']);
  expect(metadataTablesOf(trials)).toContain(
    'boto3 gets the document and no credentials: it looks for another',
  );
});

it('Why a client is not tried across a restart is said below the table', () => {
  const slow = { ...client, needsLongSessions: 'it renews every five minutes' };
  expect(metadataTablesOf([metadataTrialOf({ client: slow })])).toContain(
    '- boto3 is not tried across a restart of the agent: it renews every five minutes.',
  );
});
