import { expectNotReached } from '../imds-log.ts';
import { createBusyPods } from '../race/busy-pods.ts';
import type { BusyClass } from '../race/busy-pods.ts';
import { failureOf, figuresOf, gaveUp, linesOf } from '../race/figures.ts';
import { raceClientNames } from '../race/race-clients.ts';
import type { RaceClientName } from '../race/race-clients.ts';
import { createRaceReport } from '../race/report.ts';
import { runRace } from '../race/run-race.ts';
import type { Race } from '../race/run-race.ts';
import type { NodeStep } from '../step.ts';
import type { NodeWorld } from '../world.ts';

const BUSY_PODS = 50;
/** The node has room for their requests beside those of the busy Pods. */
const PODS_BESIDE_BUSY = 20;
const REQUEST_BESIDE_BUSY = { resources: { requests: { cpu: '10m' } } };

/** Share of the Pods. On a machine of few cores, starting programs keep each other from reading answers for longer than an SDK waits. */
const MOST_WITHOUT_CPU = 0.1;

type Report = ReturnType<typeof createRaceReport> | undefined;

/** Many Pods start at the same time. */
export function manyPods(world: NodeWorld): NodeStep[] {
  const { raceReport, imdsLog } = world;
  const report = raceReport === undefined ? undefined : createRaceReport(raceReport);
  const start = (...clients: RaceClientName[]) => startStep({ clients, report });
  const measuring =
    report === undefined
      ? []
      : [
          ...raceClientNames.map((client) => start(client)),
          besideBusyStep('BestEffort', report),
          besideBusyStep('Burstable', report),
          { title: `The table is written to ${raceReport}`, run: () => report.write() },
        ];
  return [
    start(...raceClientNames),
    ...measuring,
    { title: "No Pod reached the node's metadata API", run: () => expectNotReached(imdsLog) },
  ];
}

function startStep({ clients, report }: { clients: readonly RaceClientName[]; report: Report }): NodeStep {
  return {
    title: `Pods of ${clients.join(', ')} that start at the same time get their own credentials on the first try`,
    async run(world) {
      const race = await runRace(world, { count: world.podsAtOnce, clients });
      tell({ world, report, race, beside: '–' });
      expectAnswered(race, MOST_WITHOUT_CPU);
    },
  };
}

function besideBusyStep(qos: BusyClass, report: Report): NodeStep {
  return {
    title: `Beside ${BUSY_PODS} busy Pods of class ${qos}, requests of starting Pods are answered in time`,
    async run(world) {
      const busy = createBusyPods(world);
      try {
        await busy.start(BUSY_PODS, qos);
        const race = await runRace(world, {
          count: PODS_BESIDE_BUSY,
          clients: ['go'],
          container: REQUEST_BESIDE_BUSY,
        });
        tell({ world, report, race, beside: `${BUSY_PODS} × ${qos}` });
        expectAnswered(race, 1);
      } finally {
        await busy.remove();
      }
    },
  };
}

/** Throws if a Pod failed for another reason than that it had no CPU time to read its answers, or more than this share for that reason. */
function expectAnswered({ pods }: Race, mostWithoutCpu: number): void {
  const withoutCpu = pods.filter(gaveUp);
  const failed = pods.filter((pod) => !withoutCpu.includes(pod));
  const failures = (withoutCpu.length > mostWithoutCpu * pods.length ? pods : failed).flatMap(
    (pod) => failureOf(pod) ?? [],
  );
  if (failures.length > 0)
    throw new Error(`${failures.length} of ${pods.length} failed:\n${failures.join('\n')}`);
}

interface Told {
  readonly world: NodeWorld;
  readonly report: Report;
  readonly race: Race;
  readonly beside: string;
}

function tell({ world, report, race: { pods, held }, beside }: Told): void {
  const figures = figuresOf(pods);
  for (const one of figures) for (const line of linesOf(one)) world.say(line);
  world.say(`held by the agent: ${held}`);
  for (const pod of pods.filter(gaveUp)) world.say(failureOf(pod) ?? '');
  report?.add({ beside, figures, held });
}
