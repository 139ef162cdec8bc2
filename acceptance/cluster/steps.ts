import { describeError } from '@rolegate/runtime';

export interface ScenarioStep {
  readonly name: string;
  /** Throws an Error that says what was otherwise. */
  readonly run: () => Promise<void>;
}

export interface Outcome {
  readonly passed: number;
  readonly failed: number;
}

/** Shows the steps in their order and says how each went; one that fails ends none of the others. */
export async function runSteps(title: string, steps: readonly ScenarioStep[]): Promise<Outcome> {
  console.log(`--- ${title}`);
  let failed = 0;
  for (const { name, run } of steps) {
    const startMs = Date.now();
    try {
      await run();
      console.log(`ok    ${name} (${Date.now() - startMs} ms)`);
    } catch (error) {
      failed++;
      console.log(`FAULT ${name}: ${describeError(error)}`);
    }
  }
  return { passed: steps.length - failed, failed };
}
