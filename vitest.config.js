import { defineConfig } from 'vitest/config';

/** Tests of built programs, of memory and of simulated days: `npm run test:programs`. */
const programs = [
  'packages/sandbox/test/**/*.test.ts',
  'packages/cli/test/bundle/**/*.test.ts',
  'packages/{agent,server}/test/{churn,fairness}/**/*.test.ts',
  'packages/server/test/kubernetes/fat-objects.test.ts',
];

/** Imports workspace packages from their sources, so that tests need no build. */
const resolve = { conditions: ['development', 'node'] };

const shared = {
  // Only a guard against hanging tests, long enough to start processes on a busy machine. Milliseconds.
  testTimeout: 60_000,
  hookTimeout: 60_000,
};

export default defineConfig({
  test: {
    // More than cores, because many tests wait for real time.
    maxWorkers: 3,
    projects: [
      {
        resolve,
        ssr: { resolve },
        test: {
          ...shared,
          name: 'unit',
          include: [
            'packages/*/test/**/*.test.ts',
            '{charts,scripts}/test/*.test.ts',
            'acceptance/*/test/**/*.test.ts',
          ],
          exclude: programs,
          // Files of a worker share imported modules, because loading them takes longer than the tests.
          isolate: false,
        },
      },
      { resolve, ssr: { resolve }, test: { ...shared, name: 'programs', include: programs } },
    ],
  },
});
