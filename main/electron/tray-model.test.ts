import { describe, expect, it } from 'vitest';
import type { ServerStatus } from '../../contract/entities.ts';
import { shellMessages } from './messages.ts';
import { type TrayFacts, trayModel } from './tray-model.ts';

const en = shellMessages('en', []);
const status = (more: Partial<ServerStatus> = {}): ServerStatus => ({
  running: true,
  version: '0',
  home: '/h',
  pid: 1,
  waitingApprovals: 0,
  activeCalls: 0,
  audit: 'ok',
  problems: [],
  ...more,
});
const facts = (more: Partial<TrayFacts> = {}): TrayFacts => ({
  status: status(),
  problem: undefined,
  waiting: 0,
  recent: [],
  ...more,
});

describe('the tray', () => {
  it.each<[string, Partial<TrayFacts>, string, string]>([
    ['is on', {}, 'on', 'Fastband: Server on'],
    ['is off', { status: status({ running: false }) }, 'off', 'Fastband: Server off'],
    ['is off before anything is known', { status: undefined }, 'off', 'Fastband: Server off'],
    ['counts what waits', { waiting: 2 }, 'waiting', 'Fastband: 2 approvals wait'],
    [
      'shows that calls are refused before it shows that some wait',
      { status: status({ audit: 'failing' }), waiting: 1 },
      'error',
      'Fastband: 1 approval waits',
    ],
    [
      'shows that the start failed',
      { problem: { code: 'port_in_use', message: 'busy' }, status: undefined },
      'error',
      'Fastband: Fastband did not start',
    ],
  ])('%s', (_name, more, state, toolTip) => {
    expect(trayModel(facts(more), en)).toMatchObject({ state, toolTip });
  });

  const labels = (more: Partial<TrayFacts>) => trayModel(facts(more), en).entries.map(({ label }) => label);

  it('offers the way to what waits only when something waits', () => {
    expect(labels({})).not.toContain('Answer what waits…');
    expect(labels({ waiting: 1 })).toContain('Answer what waits…');
  });

  it('offers no switch for a server that could not start', () => {
    expect(labels({ problem: { code: 'internal', message: '' } })).not.toContain('Turn the server on');
    expect(labels({ status: status({ running: false }) })).toContain('Turn the server on');
  });

  it('shows recent calls, short, and no letter of theirs becomes a menu key', () => {
    expect(labels({ recent: ['ran a && b', 'x'.repeat(100)] })).toEqual(
      expect.arrayContaining(['ran a &&&& b', `${'x'.repeat(59)}…`]),
    );
  });

  it('speaks German where the person does', () => {
    expect(trayModel(facts(), shellMessages('system', ['de-AT', 'en'])).toolTip).toBe('Fastband: Server an');
    expect(trayModel(facts(), shellMessages('system', ['fr', 'en'])).toolTip).toBe('Fastband: Server on');
  });
});
