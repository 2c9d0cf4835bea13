import { defineConfig } from 'vitest/config';

const ignored = ['**/node_modules/**', '**/dist/**', '**/.node/**'];

/** What is waited for comes at once on a machine that is not busy; on one that is, it may take its time. */
const patient = { poll: { timeout: 15_000 } };

/** Tests of the whole app that measure it, load it, or take what the machine has for themselves. */
const alone = [
  'e2e/attacks.test.ts',
  'e2e/attacks-{memory,resources,yaml}.test.ts',
  'e2e/{faults,faults-around,fuzz,torture}.test.ts',
];

/**
 * `unit` is fast and stands beside the code; `integration` runs real servers and programs; `e2e` the whole app, and
 * `alone` what of that would disturb the rest, or be disturbed.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{main,contract,renderer,preload,scripts,bench}/**/*.test.{ts,tsx,mjs}'],
          exclude: [...ignored, '**/*.integration.test.*'],
          testTimeout: 60_000,
          expect: patient,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['{main,scripts,bench}/**/*.integration.test.{ts,mjs}'],
          exclude: ignored,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: patient,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          exclude: [...ignored, ...alone],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: patient,
        },
      },
      {
        test: {
          name: 'alone',
          include: alone,
          exclude: ignored,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: patient,
          fileParallelism: false,
        },
      },
    ],
  },
});
