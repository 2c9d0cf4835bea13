import { describe, expect, it } from 'vitest';
import type { Effect } from '../../contract/effects.ts';
import { MAX_WAITING, MAX_WAITING_PER_CLIENT, ORPHAN_MS } from './approvals.ts';
import { FastbandError } from './errors.ts';
import { exactMatch } from './match.ts';
import { Bench, fakeTool, settle } from './testing.ts';

const read: Effect = { kind: 'read', workspace: 'shop', path: 'a.ts' };
const write: Effect = { kind: 'write', workspace: 'shop', path: 'a.ts', op: 'modify' };
const byPath = (input: Record<string, unknown>): Effect[] => [
  { ...write, path: String(input.path ?? 'a.ts') },
];

/** A tool that runs until it is told to end, and says how often it ran. */
function slowTool(effects: readonly Effect[] = [write]) {
  const state = { runs: 0, aborted: false, finish: () => {} };
  const tool = fakeTool('slow', effects, (_plan, context) => {
    state.runs++;
    return new Promise((resolve, reject) => {
      state.finish = () => resolve({ output: { ok: true }, summary: 'done' });
      context.signal.addEventListener('abort', () => {
        state.aborted = true;
        reject(context.signal.reason);
      });
    });
  });
  return { tool, state };
}

async function waiting(bench: Bench, count = 1) {
  await settle();
  const list = bench.approvals.list('waiting', 1000);
  expect(list).toHaveLength(count);
  const [first] = list;
  if (first === undefined) throw new Error('nothing waits');
  return first;
}

describe('a call that policy allows', () => {
  it('runs at once and is answered after its row [LOG-1]', async () => {
    const bench = new Bench([fakeTool('look', [read])]);
    const outcome = await bench.call('look', { path: 'a.ts' }).outcome;
    expect(outcome).toMatchObject({ ok: true, value: { output: { ok: true } } });
    expect(bench.rows).toMatchObject([
      {
        type: 'call.finished',
        outcome: 'ok',
        decision: 'allow',
        kinds: ['read'],
        summary: 'look ran',
        detail: { input: { path: 'a.ts' } },
      },
    ]);
  });

  it('is announced before it runs when it changes something', async () => {
    let rowsAtRun: string[] = [];
    const bench = new Bench([
      fakeTool('change', [write], () => {
        rowsAtRun = bench.types();
        return { output: { ok: true }, summary: 'changed' };
      }),
    ]);
    bench.rules.push({ id: 'r', effect: 'allow', match: exactMatch(write), createdAt: 0, source: 'person' });
    await bench.call('change').outcome;
    expect(rowsAtRun).toEqual(['call.started']);
    expect(bench.types()).toEqual(['call.started', 'call.finished']);
  });

  it('counts the grant that allowed it', async () => {
    const bench = new Bench([fakeTool('change', [write])]);
    bench.grants.push({
      id: 'g1',
      clientId: 'k1',
      clientName: 'Claude Code',
      match: exactMatch(write),
      scope: 'always',
      tool: 'change',
      toolHash: 'hash of change',
      approvalId: 'a',
      createdAt: 0,
    });
    expect(await bench.call('change').outcome).toMatchObject({ ok: true });
    expect(bench.used).toEqual(['g1']);
  });
});

describe('a call that is refused', () => {
  it.each([
    ['an unknown tool', 'nothing', {}, 'not_found'],
    ['unknown arguments', 'look', { nope: 1 }, 'invalid_input'],
    ['arguments of a wrong type', 'look', { path: 1 }, 'invalid_input'],
  ])('%s', async (_, tool, input, code) => {
    const bench = new Bench([fakeTool('look', [read])]);
    expect(await bench.call(tool, input).outcome).toMatchObject({ ok: false, code });
    expect(bench.rows).toMatchObject([{ type: 'call.refused', detail: { code } }]);
  });

  it('by a rule says which, and does not run', async () => {
    const { tool, state } = slowTool();
    const bench = new Bench([tool]);
    bench.rules.push({
      id: 'r',
      effect: 'deny',
      match: exactMatch(write),
      note: 'hands off',
      createdAt: 0,
      source: 'person',
    });
    const outcome = await bench.call('slow').outcome;
    expect(outcome).toMatchObject({
      ok: false,
      code: 'denied_by_rule',
      message: expect.stringContaining('hands off'),
    });
    expect(state.runs).toBe(0);
    expect(bench.rows).toMatchObject([{ type: 'call.refused', outcome: 'denied', decision: 'deny' }]);
  });

  it('when the log cannot be written: nothing runs [LOG-1]', async () => {
    const { tool, state } = slowTool();
    const bench = new Bench([tool, fakeTool('look', [read])]);
    bench.rules.push({ id: 'r', effect: 'allow', match: exactMatch(write), createdAt: 0, source: 'person' });
    bench.auditFails = true;
    expect(await bench.call('slow').outcome).toMatchObject({ code: 'audit_unavailable' });
    expect(await bench.call('look').outcome).toMatchObject({ code: 'audit_unavailable' });
    expect(state.runs).toBe(0);
  });

  it('says that it ran when only its last row failed', async () => {
    const bench = new Bench([
      fakeTool('change', [write], () => {
        bench.auditFails = true;
        return { output: { ok: true }, summary: 'changed' };
      }),
    ]);
    bench.rules.push({ id: 'r', effect: 'allow', match: exactMatch(write), createdAt: 0, source: 'person' });
    expect(await bench.call('change').outcome).toMatchObject({
      code: 'audit_unavailable',
      message: expect.stringContaining('The call ran'),
    });
  });

  it('hides what an unexpected failure says [CALL-5]', async () => {
    const bench = new Bench([
      fakeTool('look', [read], () => {
        throw new Error('secret stack');
      }),
    ]);
    const outcome = await bench.call('look').outcome;
    expect(outcome).toMatchObject({ code: 'tool_failed' });
    expect(JSON.stringify([outcome, bench.rows])).not.toContain('secret stack');
  });
});

describe('a call that waits for a person', () => {
  it('runs exactly once when allowed, and the answer cannot be given twice [CALL-4]', async () => {
    const bench = new Bench([fakeTool('change', [write])]);
    const call = bench.call('change');
    const approval = await waiting(bench);
    expect(approval).toMatchObject({
      title: 'Claude Code wants to change a.ts in shop',
      tool: 'change',
      effects: [write],
      waiters: 1,
    });
    bench.approvals.decide({
      id: approval.id,
      decision: 'allow',
      scope: 'once',
      planHash: approval.planHash,
    });
    expect(await call.outcome).toMatchObject({ ok: true });
    for (const decision of ['allow', 'deny'] as const) {
      expect(() => bench.approvals.decide({ id: approval.id, decision, scope: 'once' })).toThrow(
        expect.objectContaining({ code: 'approval_stale' }),
      );
    }
    expect(bench.types()).toEqual(['approval.asked', 'approval.settled', 'call.started', 'call.finished']);
    expect(bench.granted).toEqual([]);
  });

  it('is refused with the reason when denied', async () => {
    const bench = new Bench([fakeTool('change', [write])]);
    const call = bench.call('change');
    bench.approvals.decide({
      id: (await waiting(bench)).id,
      decision: 'deny',
      scope: 'once',
      reason: 'use the other file',
    });
    expect(await call.outcome).toMatchObject({
      code: 'denied_by_person',
      message: expect.stringContaining('use the other file'),
    });
    expect(bench.types()).toEqual(['approval.asked', 'approval.settled', 'call.refused']);
  });

  it('is denied in that time also where the clock is set back meanwhile [FLT-4]', async () => {
    const bench = new Bench([fakeTool('change', [write])]);
    bench.set({ approvals: { timeoutSeconds: 30 } });
    const call = bench.call('change');
    await waiting(bench);
    bench.clock.set(-24 * 60 * 60_000);
    await bench.clock.advance(30_000);
    expect(await call.outcome).toMatchObject({ code: 'approval_timeout' });
  });

  it('is denied when nobody answers in time [CALL-3]', async () => {
    const bench = new Bench([fakeTool('change', [write])]);
    bench.set({ approvals: { timeoutSeconds: 30 } });
    const call = bench.call('change');
    await waiting(bench);
    await bench.clock.advance(30_000);
    expect(await call.outcome).toMatchObject({ code: 'approval_timeout' });
    expect(bench.approvals.list('timeout', 10)).toHaveLength(1);
  });

  it('hears of it at least every ten seconds', async () => {
    const bench = new Bench([fakeTool('change', [write])]);
    const call = bench.call('change');
    await waiting(bench);
    await bench.clock.advance(60_000);
    expect(call.told.length).toBeGreaterThanOrEqual(7);
    bench.approvals.decide({ id: (await waiting(bench)).id, decision: 'deny', scope: 'once' });
    await call.outcome;
    const told = call.told.length;
    await bench.clock.advance(60_000);
    expect(call.told.length).toBe(told);
  });

  it('joins the waiting approval when repeated, and both get the one run', async () => {
    const { tool, state } = slowTool();
    const bench = new Bench([tool]);
    const first = bench.call('slow', { path: 'x' });
    const approval = await waiting(bench);
    const second = bench.call('slow', { path: 'x' });
    expect((await waiting(bench)).id).toBe(approval.id);
    bench.approvals.decide({ id: approval.id, decision: 'allow', scope: 'once' });
    await settle();
    state.finish();
    expect(await first.outcome).toMatchObject({ ok: true });
    expect(await second.outcome).toMatchObject({ ok: true });
    expect(state.runs).toBe(1);
  });

  it('is not joined by another client, or by other arguments', async () => {
    const bench = new Bench([fakeTool('change', byPath)]);
    bench.call('change', { path: 'x' });
    bench.call('change', { path: 'x' }, { id: 'k2', name: 'Cursor' });
    bench.call('change', { path: 'y' });
    await waiting(bench, 3);
  });

  it('outlives a client that gave up, for a retry to take the answer once', async () => {
    const { tool, state } = slowTool();
    const bench = new Bench([tool]);
    const first = bench.call('slow');
    const approval = await waiting(bench);
    first.cancel();
    expect(await first.outcome).toMatchObject({ code: 'cancelled' });
    bench.approvals.decide({ id: approval.id, decision: 'allow', scope: 'once' });
    await settle();
    expect(state.runs).toBe(0);
    const retry = bench.call('slow');
    await settle();
    expect(state.runs).toBe(1);
    state.finish();
    expect(await retry.outcome).toMatchObject({ ok: true });
    bench.call('slow');
    await waiting(bench);
  });

  it('is cancelled when its client does not come back [CALL-3]', async () => {
    const bench = new Bench([fakeTool('change', [write])]);
    const call = bench.call('change');
    const approval = await waiting(bench);
    call.cancel();
    await bench.clock.advance(ORPHAN_MS);
    expect(bench.approvals.get(approval.id)?.status).toBe('cancelled');
  });

  it('an allowance that nobody takes lapses with its time', async () => {
    const bench = new Bench([fakeTool('change', [write])]);
    const call = bench.call('change');
    const approval = await waiting(bench);
    call.cancel();
    await call.outcome;
    bench.approvals.decide({ id: approval.id, decision: 'allow', scope: 'once' });
    await bench.clock.advance(300_000);
    bench.call('change');
    expect((await waiting(bench)).id).not.toBe(approval.id);
  });

  it('refuses a decision about another plan than was shown [CALL-2 CALL-4]', async () => {
    const bench = new Bench([fakeTool('change', [write])]);
    bench.call('change');
    const approval = await waiting(bench);
    expect(() =>
      bench.approvals.decide({ id: approval.id, decision: 'allow', scope: 'once', planHash: 'f'.repeat(64) }),
    ).toThrow(expect.objectContaining({ code: 'approval_stale' }));
    expect(() => bench.approvals.decide({ id: 'a_unknown', decision: 'allow', scope: 'once' })).toThrow(
      expect.objectContaining({ code: 'not_found' }),
    );
  });

  it('is stopped by a denial that comes between question and answer', async () => {
    const bench = new Bench([fakeTool('change', [write])]);
    const call = bench.call('change');
    await waiting(bench);
    bench.rules.push({ id: 'r', effect: 'deny', match: exactMatch(write), createdAt: 0, source: 'person' });
    bench.dispatcher.policyChanged();
    expect(await call.outcome).toMatchObject({ code: 'denied_by_rule' });
  });

  it.each([
    ['its client is revoked', (bench: Bench) => void bench.revoked.add('k1'), 'client_revoked'],
    [
      'its tool is switched off',
      (bench: Bench) =>
        void bench.tools.set('change', {
          tool: fakeTool('change', [write]),
          hash: 'hash of change',
          enabled: false,
        }),
      'tool_disabled',
    ],
    [
      'its tool changes',
      (bench: Bench) =>
        void bench.tools.set('change', { tool: fakeTool('change', [write]), hash: 'other', enabled: true }),
      'tool_disabled',
    ],
  ])('is refused when %s', async (_, change, code) => {
    const bench = new Bench([fakeTool('change', [write])]);
    const call = bench.call('change');
    await waiting(bench);
    change(bench);
    bench.dispatcher.policyChanged();
    expect(await call.outcome).toMatchObject({ code });
  });

  it('is let through by a rule that comes to allow it', async () => {
    const bench = new Bench([fakeTool('change', [write])]);
    const call = bench.call('change');
    await waiting(bench);
    bench.rules.push({ id: 'r', effect: 'allow', match: exactMatch(write), createdAt: 0, source: 'person' });
    bench.dispatcher.policyChanged();
    expect(await call.outcome).toMatchObject({ ok: true });
  });

  it('cannot be asked for without end [CALL-6]', async () => {
    const bench = new Bench([fakeTool('change', byPath)]);
    for (let client = 0; client < MAX_WAITING / MAX_WAITING_PER_CLIENT; client++) {
      for (let n = 0; n < MAX_WAITING_PER_CLIENT; n++)
        bench.call('change', { path: `f${n}` }, { id: `k${client}`, name: `c${client}` });
      const more = bench.call('change', { path: 'more' }, { id: `k${client}`, name: `c${client}` });
      expect(await more.outcome).toMatchObject({ code: 'too_many_approvals' });
    }
    expect(await bench.call('change', {}, { id: 'new', name: 'new' }).outcome).toMatchObject({
      code: 'too_many_approvals',
    });
    expect(bench.approvals.waiting).toBe(MAX_WAITING);
  });
});

describe('remembering an answer', () => {
  it.each(['session', 'hour', 'always'] as const)('%s grants exactly what was asked', async (scope) => {
    const bench = new Bench([fakeTool('change', [write])]);
    const call = bench.call('change');
    bench.approvals.decide({ id: (await waiting(bench)).id, decision: 'allow', scope });
    await call.outcome;
    expect(bench.granted).toMatchObject([{ scope, matches: [exactMatch(write)] }]);
  });

  it('takes a suggested pattern by its id, and an edited one that covers what is asked', async () => {
    const bench = new Bench([fakeTool('change', byPath)]);
    bench.call('change', { path: 'src/a.ts' });
    const approval = await waiting(bench);
    expect(approval.suggestions.map((one) => one.id)).toEqual(['exact', 'folder', 'workspace']);
    bench.approvals.decide({ id: approval.id, decision: 'allow', scope: 'always', pattern: 'folder' });
    expect(bench.granted[0]?.matches).toMatchObject([
      { kind: 'write', workspace: 'shop', paths: ['src/**'] },
    ]);
    bench.call('change', { path: 'lib/b.ts' });
    const next = await waiting(bench);
    const decide = (paths: string[]) =>
      bench.approvals.decide({
        id: next.id,
        decision: 'allow',
        scope: 'hour',
        pattern: [{ kind: 'write', paths }],
      });
    expect(() => decide(['src/**'])).toThrow(expect.objectContaining({ code: 'invalid_input' }));
    expect(() =>
      bench.approvals.decide({ id: next.id, decision: 'allow', scope: 'hour', pattern: 'nope' }),
    ).toThrow(FastbandError);
    expect(decide(['lib/*.ts'])).toMatchObject({ status: 'allowed' });
  });

  it('is not offered where a rule says to ask every time', async () => {
    const bench = new Bench([fakeTool('change', [write])]);
    bench.rules.push({ id: 'r', effect: 'ask', match: exactMatch(write), createdAt: 0, source: 'person' });
    bench.call('change');
    const approval = await waiting(bench);
    expect(approval.scopes).toEqual(['once']);
    expect(() => bench.approvals.decide({ id: approval.id, decision: 'allow', scope: 'always' })).toThrow(
      expect.objectContaining({ code: 'invalid_input' }),
    );
  });

  it('gives a command that can run anything no wider pattern than itself [POL-5]', async () => {
    const shell: Effect = {
      kind: 'exec',
      workspace: 'shop',
      cwd: '.',
      argv: ['sh', '-c', 'make all'],
      binary: '/bin/dash',
      open: true,
    };
    const bench = new Bench([fakeTool('run', [shell])]);
    bench.call('run');
    const approval = await waiting(bench);
    expect(approval.suggestions.map((one) => one.id)).toEqual(['exact']);
    expect(() =>
      bench.approvals.decide({
        id: approval.id,
        decision: 'allow',
        scope: 'always',
        pattern: [{ kind: 'exec', argv: ['sh', '...'] }],
      }),
    ).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });

  it('is not kept when it cannot be recorded: the question stays open', async () => {
    const bench = new Bench([fakeTool('change', [write])]);
    bench.call('change');
    const approval = await waiting(bench);
    bench.auditFails = true;
    expect(() => bench.approvals.decide({ id: approval.id, decision: 'allow', scope: 'always' })).toThrow(
      expect.objectContaining({ code: 'audit_unavailable' }),
    );
    expect(bench.granted).toEqual([]);
    expect(bench.approvals.get(approval.id)?.status).toBe('waiting');
  });
});

describe('a call under way', () => {
  const allow = (bench: Bench) =>
    bench.rules.push({ id: 'r', effect: 'allow', match: exactMatch(write), createdAt: 0, source: 'person' });

  it.each([
    ['its client cancels', (_: Bench, call: ReturnType<Bench['call']>) => call.cancel(), 'cancelled'],
    [
      'its client is revoked',
      (bench: Bench) => {
        bench.revoked.add('k1');
        bench.dispatcher.policyChanged();
      },
      'client_revoked',
    ],
    [
      'the rule that allowed it goes',
      (bench: Bench) => {
        bench.rules.splice(0);
        bench.dispatcher.policyChanged();
      },
      'denied_by_rule',
    ],
    ['the server stops', (bench: Bench) => void bench.dispatcher.stop(), 'server_stopped'],
  ] as [string, (bench: Bench, call: ReturnType<Bench['call']>) => void, string][])(
    'ends when %s [CALL-7]',
    async (_, change, code) => {
      const { tool, state } = slowTool();
      const bench = new Bench([tool]);
      allow(bench);
      const call = bench.call('slow');
      await settle();
      change(bench, call);
      expect(await call.outcome).toMatchObject({ code });
      expect(state.aborted).toBe(true);
      expect(bench.types()).toEqual(['call.started', 'call.finished']);
    },
  );

  it('ends when its time is up [CALL-7]', async () => {
    const { tool } = slowTool();
    const bench = new Bench([tool]);
    allow(bench);
    bench.set({ limits: { callSeconds: 5 } });
    const call = bench.call('slow');
    await bench.clock.advance(5000);
    expect(await call.outcome).toMatchObject({ code: 'timeout' });
  });

  it('is answered even when its tool does not heed the stop', async () => {
    const bench = new Bench([fakeTool('stuck', [write], () => new Promise(() => {}))]);
    allow(bench);
    const call = bench.call('stuck');
    await settle();
    call.cancel();
    await bench.clock.advance(2000);
    expect(await call.outcome).toMatchObject({ code: 'cancelled' });
    expect(bench.dispatcher.activeCalls).toBe(0);
  });

  it('a stopped server refuses new calls and denies what waits [CALL-3]', async () => {
    const bench = new Bench([fakeTool('change', [write])]);
    const call = bench.call('change');
    await waiting(bench);
    await bench.dispatcher.stop();
    expect(await call.outcome).toMatchObject({ code: 'server_stopped' });
    expect(await bench.call('change').outcome).toMatchObject({ code: 'server_stopped' });
    bench.dispatcher.resume();
    bench.call('change');
    await waiting(bench);
  });
});

describe('what is shown', () => {
  it('holds no hidden character, says so, and is made from effects alone [UI-1]', async () => {
    const trick: Effect = { ...write, path: 'src/\u202egpj.exe' };
    const bench = new Bench([fakeTool('change', [trick])]);
    bench.call('change', { text: 'please just allow this' });
    const approval = await waiting(bench);
    expect(approval.title).toBe('Claude Code wants to change src/⟦RLO⟧gpj.exe in shop');
    expect(approval.warnings).toContainEqual({ code: 'hiddenCharacters', about: [] });
    expect(approval.title).not.toContain('please');
  });

  it('names the gravest effect first', async () => {
    const bench = new Bench([
      fakeTool('many', [
        read,
        write,
        {
          kind: 'exec',
          workspace: 'shop',
          cwd: '.',
          argv: ['rm', '-rf', 'x y'],
          binary: '/bin/rm',
          open: false,
        },
      ]),
    ]);
    bench.call('many');
    expect((await waiting(bench)).title).toBe("Claude Code wants to run rm -rf 'x y' in shop, and 2 more");
  });
});

describe('explain', () => {
  it('says what would happen and why, asks nobody and writes nothing', async () => {
    const bench = new Bench([fakeTool('change', [write])]);
    const client = { id: 'k1', name: 'Claude Code' };
    expect(await bench.dispatcher.explain(client, 'change', {})).toMatchObject({
      decision: 'ask',
      effects: [{ reason: { by: 'default' } }],
    });
    bench.rules.push({ id: 'r7', effect: 'deny', match: exactMatch(write), createdAt: 0, source: 'person' });
    expect(await bench.dispatcher.explain(client, 'change', {})).toMatchObject({
      decision: 'deny',
      effects: [{ reason: { by: 'rule', id: 'r7' } }],
    });
    expect(bench.rows).toEqual([]);
    expect(bench.approvals.waiting).toBe(0);
  });

  it("tells a guard's refusal as an answer", async () => {
    const tool = fakeTool('look', [read]);
    const refusing = {
      ...tool,
      plan: () => Promise.reject(new FastbandError('outside_workspace', 'That is outside.')),
    };
    const bench = new Bench([refusing]);
    expect(await bench.dispatcher.explain({ id: 'k1', name: 'c' }, 'look', {})).toMatchObject({
      decision: 'deny',
      refused: { code: 'outside_workspace' },
    });
  });
});
