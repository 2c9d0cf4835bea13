import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadProjectRules } from './core/project-policy.ts';
import { realClock, silentLog } from './core/testing.ts';
import { LiveTables } from './live-tables.ts';
import { openStore } from './store/open.ts';

test('a workspace is not there before its own policy file has been read', async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'fastband-live-')));
  const store = openStore({ home: join(folder, 'home'), clock: realClock, log: silentLog });
  onTestFinished(() => {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const root = join(folder, 'shop');
  mkdirSync(join(root, '.fastband'), { recursive: true });
  writeFileSync(
    join(root, '.fastband/policy.yaml'),
    'version: 1\nrules:\n  - { effect: deny, match: { kind: read, paths: ["secret/**"] } }\n',
  );
  const tables = new LiveTables(store, silentLog, await loadProjectRules([], undefined), () => new Map());
  store.workspaces.add({ name: 'shop', root, readOnly: false });
  expect(tables.workspaces).toEqual([]);
  expect(await tables.reloadProjects()).toBe(true);
  expect(tables.workspaces.map(({ name }) => name)).toEqual(['shop']);
  const caller = { clientId: 'k', clientName: 'c', now: 0 };
  const decided = tables.policy().decide([{ kind: 'read', workspace: 'shop', path: 'secret/a' }], caller);
  expect(decided.decision).toBe('deny');
  expect(await tables.reloadProjects()).toBe(false);
});
