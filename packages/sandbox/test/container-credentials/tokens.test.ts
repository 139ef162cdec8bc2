import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createIssuerKey, issueServiceAccountToken } from '@rolegate/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { createAgentPeer } from '../../src/agent-peer.ts';
import { runProgramOnce } from '../../src/program.ts';
import { NODE_NAME } from '../../src/sandbox-node.ts';
import { statusSocket } from '../../src/start-programs.ts';
import { eventually, expectLine, namespace } from '../setup.ts';
import { APP, expectServed, HOST, OTHER, setupWithTokens } from './token-world.ts';
import type { TokenSetup } from './token-world.ts';

const HOUR_MS = 3_600_000;
const LIST = '/latest/meta-data/iam/security-credentials/';

let world: TokenSetup | undefined;
afterEach(async () => {
  await world?.[Symbol.asyncDispose]();
  world = undefined;
});

async function served(): Promise<TokenSetup> {
  world = await setupWithTokens();
  await expectServed(world);
  return world;
}

describe('ServiceAccount token', () => {
  it("S2: A Pod with another Pod's ServiceAccount token gets nothing, and both Pods are in the audit", async () => {
    const { byToken, newToken, agentLog, world: there } = await served();
    for (const [asking, tokenOf] of [
      [OTHER, APP],
      [APP, HOST],
      [HOST, APP],
    ] as const) {
      const answer = await byToken(asking, newToken(tokenOf));
      expect([asking, tokenOf, answer.status]).toEqual([asking, tokenOf, 401]);
      expect(answer.body).toContain('TokenForeign');
    }
    const uidOf = (name: string) => there.node.pod(`Pod ${name}`)?.uid;
    const audit = { msg: 'ServiceAccount token used from another address', audit: true };
    await expectLine(agentLog, { ...audit, uid: uidOf(OTHER), tokenPod: APP, tokenUid: uidOf(APP) });
    await expectLine(agentLog, { ...audit, uid: uidOf(APP), tokenPod: HOST, tokenUid: uidOf(HOST) });
  });

  it('S2: A Pod on the host network gets its own role by its token, and the metadata API refuses it', async () => {
    const { byToken, as, world: there } = await served();
    await byToken(HOST);
    const assumed = there.sts.calls.map(({ roleArn }) => roleArn.replace(/.*\//, ''));
    expect(new Set(assumed)).toEqual(new Set(['steady', 'app', 'other', 'host']));
    expect(await as(HOST).get(LIST)).toMatchObject({ status: 403 });
    expect(await as(HOST).get(`${LIST}host`)).toMatchObject({ status: 403 });
  });

  it("S3: A server answers an agent only about tokens of its own node's Pods", async () => {
    const { world: there, newToken } = await served();
    const { api, ca, serverPorts, node } = there;
    api.apply({ ...namespace('far'), kind: 'Namespace' });
    api.apply({
      kind: 'Pod',
      metadata: { namespace: 'far', name: 'app', uid: 'uid-far' },
      spec: { nodeName: 'far-node', serviceAccountName: 'default' },
      status: { phase: 'Running', podIP: '127.9.1.1', podIPs: [{ ip: '127.9.1.1' }] },
    });
    const peer = createAgentPeer({ port: serverPorts[0] ?? 0, attestPort: 0, ca: () => ca.pem });
    const as = async (name: string) => {
      const { cert, key } = await ca.issue({ uris: [`spiffe://rolegate/node/${name}`] });
      return { cert: Buffer.from(cert), key: Buffer.from(key), ca: Buffer.from(ca.pem) };
    };
    const [near, far] = [await as(NODE_NAME), await as('far-node')];
    const [ofApp, ofFar] = [newToken(APP), newToken('far/app')];
    const uid = node.pod(`Pod ${APP}`)?.uid;
    await eventually(async () => {
      expect(await peer.reviewToken(ofFar, far)).toEqual({ podUid: 'uid-far', fault: '' });
    });
    expect(await peer.reviewToken(ofApp, near)).toEqual({ podUid: uid, fault: '' });
    const reviews = api.tokenReviews;
    const fault = 'it is not bound to a Pod of this node that has not ended';
    expect(await peer.reviewToken(ofApp, far)).toEqual({ podUid: '', fault });
    expect(await peer.reviewToken(ofFar, near)).toEqual({ podUid: '', fault });
    // Another node's token costs the API server nothing.
    expect(api.tokenReviews).toBe(reviews);
  });

  it('S5: No part of a ServiceAccount token is in logs, status, or saved state, whatever is wrong with it', async () => {
    const there = await served();
    const { byToken, newToken, agentLog, serverLog, world: system, server } = there;
    await levelOf(system, 'debug');
    const unknownKey = createIssuerKey();
    const good = newToken(APP);
    const [head = '', body = '', signature = ''] = good.split('.');
    const other = newToken(OTHER);
    const forged = issueServiceAccountToken(
      JSON.parse(Buffer.from(body, 'base64url').toString()) as object,
      unknownKey,
    );
    const tokens = [
      good,
      other,
      forged,
      newToken(APP, { key: unknownKey }),
      newToken(APP, { endsMs: Date.now() - HOUR_MS }),
      newToken(APP, { audiences: ['else'] }),
      newToken(APP, { issuer: 'https://else.example' }),
      `${head}.${body}.${signature.toUpperCase()}`,
      `${head}.${body}`,
      good + 'A'.repeat(5_000),
    ];
    const statuses = new Set<number>();
    const { SecretAccessKey = '', Token = '' } = JSON.parse((await byToken(APP, good)).body) as Document;
    for (const token of tokens) statuses.add((await byToken(APP, token)).status);
    expect((await byToken(APP, `Bearer ${good}`)).status).toBe(401);
    expect(statuses).toEqual(new Set([200, 401]));
    const status = await runProgramOnce('agent', ['status', '--json', ...socketOf(system, 'agent')]);
    const serverStatus = await runProgramOnce('server', [
      'status',
      '--json',
      ...socketOf(system, 'server-0'),
    ]);
    await server.stop();

    const logs = JSON.stringify([...agentLog, ...serverLog]);
    expect(logs).toContain('ServiceAccount token reviewed');
    const shown = [logs, status.output, serverStatus.output];
    for (const text of shown) {
      for (const secret of [SecretAccessKey, Token]) expect(text).not.toContain(secret);
    }
    const written = [...shown, ...(await filesIn(system.folder))];
    for (const token of tokens) {
      for (const piece of piecesOf(token)) {
        for (const text of written) expect([piece, text.includes(piece)]).toEqual([piece, false]);
      }
    }
  });
});

interface Document {
  readonly SecretAccessKey?: string;
  readonly Token?: string;
}

function socketOf(system: TokenSetup['world'], program: string): string[] {
  return ['--status-socket', statusSocket(system, program)];
}

async function levelOf(system: TokenSetup['world'], level: string): Promise<void> {
  await runProgramOnce('server', ['log-level', level, ...socketOf(system, 'server-0')]);
}

/** What would give a token away: its claims and its signature, or the ends of either. */
function piecesOf(token: string): string[] {
  const [, ...secret] = token.split('.');
  return secret.flatMap((part) => [part, part.slice(-12), part.slice(0, 24)]);
}

/** Contents of all files but the tokens that the sandbox writes for its Pods. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.parentPath !== join(folder, 'tokens'));
  expect(files.map(({ name }) => name)).toContain('agent-state');
  return Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name), 'utf8')));
}
