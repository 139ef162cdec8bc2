import { containerCredentials } from '@rolegate/protocol';
import type { TcpAttackResult } from '../../clients/calls.ts';
import { forgedFrom } from '../../clients/forged-token.ts';
import type { ForgedToken } from '../../clients/forged-token.ts';
import type { AttackReport } from '../../watch/observations.ts';
import { describeAttack } from '../../watch/observations.ts';
import { attackStep } from '../step.ts';
import type { AttackPlan, NodeStep, NodeWorld } from '../step.ts';
import { startTokenClients } from '../token-clients.ts';
import { attack } from './attackers.ts';
import type { Attacking } from './attackers.ts';

const { addresses, port, path } = containerCredentials;
const targets = [{ host: addresses.ipv4, port }];
const targetsBoth = Object.values(addresses).map((host) => ({ host, port }));

/** Until honest Pods have shown their last tokens. Milliseconds. */
const DURATION_MS = 3_500;
/** What the agent does for one Pod, however many tokens it shows. */
const OF_POD = { verifications: { burst: 100, perSecond: 5 }, reviews: { burst: 4, perSecond: 0.5 } };
/** Audit lines about a Pod that shows the token of one other Pod, and when they begin again. Milliseconds. */
const AUDIT_LINES = { most: 5, everyMs: 10_000 };
const FOREIGN_LINE = 'ServiceAccount token used from another address';
/** The name of a key that no API server has. */
const UNKNOWN_KEY = { kid: '#' };

const request = (token: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: ${addresses.ipv4}\r\nAuthorization: ${token}\r\n\r\n`;

/** Shows another token as soon as there is an answer to the last one. */
const showing = (token: ForgedToken, connections: number): AttackPlan => ({
  targets,
  connections,
  writing: { then: { text: request('TOKEN'), token, when: 'answered' } },
  reading: 'all',
  countsAnswers: true,
});

/** What an attack caused besides the answers to others. */
interface Caused {
  readonly answers: Readonly<Record<string, number>>;
  readonly reviews: number;
  readonly auditLines: number;
  /** Duration of the attack. */
  readonly seconds: number;
}

interface TokenAttack {
  readonly attacks: readonly Attacking[];
  /** Pods whose budgets they can use up, one by default. */
  readonly attackers?: number;
  readonly problems?: (caused: Caused) => readonly string[];
}

/** Attacks while honest Pods show fresh tokens. */
async function attackEndpoint(
  world: NodeWorld,
  { attacks, attackers = 1, problems = () => [] }: TokenAttack,
): Promise<AttackReport> {
  await using stack = new AsyncDisposableStack();
  const clients = await startTokenClients(world, stack);
  const reviewsBefore = await countReviews(world);
  const linesBefore = world.lines.length;
  const startMs = performance.now();
  const [observed, workers] = await Promise.all([
    Promise.all(attacks.map((one) => attack(world, { durationMs: DURATION_MS, ...one }))),
    clients.run(),
  ]);
  const caused: Caused = {
    answers: sumOfAnswers(observed),
    reviews: (await countReviews(world)) - reviewsBefore - clients.reviews,
    auditLines: world.lines.slice(linesBefore).filter(({ line }) => line.includes(FOREIGN_LINE)).length,
    seconds: (performance.now() - startMs) / 1_000,
  };
  return {
    summary: `${describeAttack(observed)}; ${describeCaused(caused)}`,
    workers,
    problems: [
      // In any case, because reviews of an earlier attack may still be due.
      ...exceeded('TokenReviews', caused.reviews, OF_POD.reviews, attackers, caused),
      ...problems(caused),
    ],
  };
}

/** A token is refused with 401 only once it was verified or reviewed; all others wait in vain. */
function tooManyJudged(limit: keyof typeof OF_POD, pods: number): (caused: Caused) => readonly string[] {
  return (caused) => {
    const judged = caused.answers['401'] ?? 0;
    return judged === 0 && pods > 0
      ? ['no token was judged, which proves nothing']
      : exceeded(`judged tokens (${limit})`, judged, OF_POD[limit], pods, caused);
  };
}

function exceeded(
  what: string,
  count: number,
  { burst, perSecond }: { readonly burst: number; readonly perSecond: number },
  pods: number,
  { seconds }: Caused,
): string[] {
  const most = Math.ceil(pods * (burst + perSecond * seconds));
  return count > most ? [`${what}: ${count} in ${seconds.toFixed(1)} s; the budget is ${most}`] : [];
}

function tooManyAuditLines({ auditLines, seconds, answers }: Caused): readonly string[] {
  const most = AUDIT_LINES.most * Math.ceil(1 + (seconds * 1_000) / AUDIT_LINES.everyMs);
  if ((answers['401'] ?? 0) === 0) return ['no token was refused, which proves nothing'];
  if (auditLines === 0) return ['no audit line says so'];
  return auditLines > most ? [`${auditLines} audit lines; at most ${most} are allowed`] : [];
}

/** Heads of 64 kB, and tokens that are none, must be refused by their form alone. */
function notRefusedByForm({ answers }: Caused): readonly string[] {
  return Object.keys(answers).sort().join() === '401,431'
    ? []
    : [`answers: ${JSON.stringify(answers)}; only 401 and 431 are due`];
}

function sumOfAnswers(observed: readonly TcpAttackResult[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const { answers } of observed)
    for (const [status, count] of Object.entries(answers)) sum[status] = (sum[status] ?? 0) + count;
  return sum;
}

function describeCaused({ answers, reviews, auditLines }: Caused): string {
  const counted = Object.entries(answers).map(([status, count]) => `${count} × ${status}`);
  return counted.concat(`${reviews} TokenReviews`, `${auditLines} audit lines`).join(', ');
}

async function countReviews({ standIns }: NodeWorld): Promise<number> {
  return Number(await standIns.call({ do: 'token-reviews' }));
}

export const containerCredentialsSteps: readonly NodeStep[] = [
  attackStep({
    title:
      'A Pod that shows ServiceAccount tokens of unknown keys causes no more TokenReviews than one Pod may and delays no fresh token of others',
    async run(world) {
      const token = forgedFrom(await world.cluster.token(world.pods.attacker.pod), UNKNOWN_KEY);
      return attackEndpoint(world, {
        attacks: [{ from: 'attacker', plan: showing(token, 256) }],
        problems: tooManyJudged('reviews', 1),
      });
    },
  }),
  attackStep({
    title:
      'A Pod that shows ServiceAccount tokens with bad signatures has no more of them verified than one Pod may and delays no fresh token of others',
    async run(world) {
      const token = forgedFrom(await world.cluster.token(world.pods.attacker.pod));
      return attackEndpoint(world, {
        attacks: [{ from: 'attacker', plan: showing(token, 256) }],
        problems: tooManyJudged('verifications', 1),
      });
    },
  }),
  attackStep({
    title:
      'A Pod that shows bad ServiceAccount tokens from addresses that no Pod owns delays no fresh token of others',
    async run(world) {
      const { attacker } = world.pods;
      const model = await world.cluster.token(attacker.pod);
      const sources = attacker.spare.ipv4;
      return attackEndpoint(world, {
        attacks: [
          { from: 'attacker', plan: { ...showing(forgedFrom(model), 240), sources } },
          { from: 'attacker', plan: { ...showing(forgedFrom(model, UNKNOWN_KEY), 240), sources } },
        ],
        problems: tooManyJudged('verifications', 0),
      });
    },
  }),
  attackStep({
    title:
      'Sixteen Pods of one Namespace that show bad ServiceAccount tokens delay no fresh token of other Namespaces',
    async run(world) {
      const { sixteen } = world.pods;
      const [first] = sixteen;
      if (first === undefined) throw new Error('there are no sixteen Pods');
      const model = await world.cluster.token(first.pod);
      const sources = sixteen.map(({ pod }) => pod.addresses.ipv4);
      return attackEndpoint(world, {
        attacks: [
          { from: 'sixteen', plan: { ...showing(forgedFrom(model), 256), sources } },
          { from: 'sixteen', plan: { ...showing(forgedFrom(model, UNKNOWN_KEY), 256), sources } },
        ],
        attackers: sixteen.length,
        problems: tooManyJudged('verifications', 2 * sixteen.length),
      });
    },
  }),
  attackStep({
    title:
      'Pods that show the ServiceAccount token of another Pod as fast as they can fill no log and delay nobody',
    async run(world) {
      const { pods } = world;
      const stolen = await world.cluster.token(pods.late.pod);
      const again: AttackPlan = {
        targets,
        connections: 128,
        writing: { then: { text: request(stolen), when: 'answered' } },
        reading: 'all',
        countsAnswers: true,
      };
      return attackEndpoint(world, {
        attacks: [{ from: 'attacker', plan: again }],
        problems: tooManyAuditLines,
      });
    },
  }),
  attackStep({
    title:
      'A Pod that sends Authorization headers of 64 kB to the container credentials endpoint affects no other Pod',
    run: (world) =>
      attackEndpoint(world, {
        attacks: [
          {
            from: 'attacker',
            plan: {
              targets: targetsBoth,
              connections: 128,
              writing: { first: request('a'.repeat(65_536)) },
              reading: 'all',
              countsAnswers: true,
            },
          },
          {
            from: 'attacker',
            plan: {
              targets,
              connections: 128,
              writing: { then: { text: request('a.b.c'.padEnd(4_000, 'c')), when: 'answered' } },
              reading: 'all',
              countsAnswers: true,
            },
          },
        ],
        problems: notRefusedByForm,
      }),
  }),
];
