import { defineConfig } from 'vitest/config';

/** Built programs, processes whose memory is measured, and days of a whole program: `npm run test:programs`. */
const programs = [
  'packages/sandbox/test/**/*.test.ts',
  'packages/{agent,server}/test/{churn,fairness}/**/*.test.ts',
  'packages/server/test/kubernetes/fat-objects.test.ts',
];

/** Workspace packages are taken from their sources: no build before a test. */
const resolve = { conditions: ['development', 'node'] };

const shared = {
  // A guard against what hangs, wide enough for processes that start on a busy machine; nothing is timed by it. Milliseconds.
  testTimeout: 60_000,
  hookTimeout: 60_000,
};

export default defineConfig({
  test: {
    // More than cores: many tests wait for a second that is real.
    maxWorkers: 3,
    projects: [
      {
        resolve,
        ssr: { resolve },
        test: {
          ...shared,
          name: 'unit',
          include: ['packages/*/test/**/*.test.ts', '{charts,scripts,acceptance/*}/test/*.test.ts'],
          exclude: programs,
          // Files of one worker share what they import: loading it again for each took longer than the tests.
          isolate: false,
        },
      },
      { resolve, ssr: { resolve }, test: { ...shared, name: 'programs', include: programs } },
    ],
  },
});
