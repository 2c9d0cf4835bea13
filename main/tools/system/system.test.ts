import { afterEach, beforeEach, expect, test } from 'vitest';
import { ToolBench } from '../testing.ts';
import { getConfig } from './get-config.ts';
import { getVersion } from './get-version.ts';
import { healthCheck } from './health-check.ts';
import { listWorkspaces } from './list-workspaces.ts';

let bench: ToolBench;
beforeEach(async () => {
  bench = await ToolBench.create();
});
afterEach(() => bench.remove());

test('health_check tells how Fastband is', async () => {
  const { output, plan } = await bench.call(healthCheck, {});
  expect(output).toEqual({ ok: true, audit: 'ok', uptimeSeconds: 5, tools: 7, waitingApprovals: 2 });
  expect(plan.effects).toEqual([]);
  const failing = { ...bench.runContext(), host: { ...bench.runContext().host, auditOk: () => false } };
  expect((await healthCheck.run({ effects: [], data: null }, failing)).output).toMatchObject({
    ok: false,
    audit: 'failing',
  });
});

test('get_version names the version', async () => {
  expect((await bench.call(getVersion, {})).output).toMatchObject({
    fastband: '1.2.3',
    node: process.versions.node,
  });
});

test('get_config tells limits, and neither names, paths nor secrets', async () => {
  bench.set({ commands: { env: ['SECRET_NAME'] } });
  const { output } = await bench.call(getConfig, {});
  expect(output).toMatchObject({ callsPerMinute: 1200, undoDays: 30 });
  expect(JSON.stringify(output)).not.toMatch(/SECRET_NAME|\/|home|token/i);
});

test('list_workspaces names them', async () => {
  expect((await bench.call(listWorkspaces, {})).output).toEqual({
    workspaces: [{ name: 'ws', root: bench.root, readOnly: false }],
  });
});
