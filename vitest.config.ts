import { defineConfig } from 'vitest/config';

const ignored = ['**/node_modules/**', '**/dist/**', '**/.node/**'];

/** What is waited for comes at once on a machine that is not busy; on one that is, it may take its time. */
const patient = { poll: { timeout: 15_000 } };

/** `unit` is fast and stands beside the code; `integration` runs real servers and programs; `e2e` the whole app. */
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
          exclude: ignored,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: patient,
          // Whole hosts, browsers and the clock on the wall: two at once would only slow each other down.
          fileParallelism: false,
        },
      },
    ],
  },
});
