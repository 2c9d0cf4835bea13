import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Target } from './attack.ts';
import { Sandbox } from './host.ts';

let box: Sandbox;
let target: Target;
const marker = () => join(box.folder, 'marker');

beforeAll(async () => {
  box = new Sandbox();
  const inside = (name: string) => join(box.workspace, name);
  const plant = (name: string) => {
    writeFileSync(inside(name), `#!/bin/sh\ntouch ${marker()}\n`);
    chmodSync(inside(name), 0o755);
  };
  // Programs of an agent's own, under names that rules allow.
  mkdirSync(inside('bin'));
  for (const name of ['printf', 'ls', 'bin/printf', 'tool']) plant(name);
  symlinkSync('tool', inside('cat'));
  symlinkSync('/bin/sh', inside('seq'));
  copyFileSync('/bin/sh', inside('wc'));
  symlinkSync(box.home, inside('innocent'));
  symlinkSync(join(import.meta.dirname, '..', 'bin', 'fastband'), inside('harmless'));
  for (const name of ['a.txt', 'b.txt', '-rf']) writeFileSync(inside(name), 'x\n');
  target = await Target.start(box, undefined, {
    LD_PRELOAD_TEST: 'evil',
    LD_LIBRARY_PATH: '/evil',
    NODE_OPTIONS: '--no-warnings',
    BASH_ENV: '/evil',
    GIT_SSH_COMMAND: 'evil',
    PYTHONPATH: '/evil',
    ANTHROPIC_API_KEY: 'sk-ant-evil',
    OTHER_TOKEN: 'evil',
    PATH: `${box.workspace}:${box.workspace}/bin:.::bin:${process.env.PATH ?? ''}`,
  });
  await target.host.api('settings.update', {
    approvals: { timeoutSeconds: 1 },
    commands: { outputBytes: 4096, maxProcesses: 60 },
  });
  // What a person may well allow for good.
  for (const program of ['printf', 'cat', 'ls', 'seq', 'wc', 'env', 'sh', 'yes', 'nohup', 'setsid'])
    await target.host.api('rules.add', { effect: 'allow', match: { kind: 'exec', argv: [program, '...'] } });
});
afterAll(() => box?.close());

async function run(command: readonly string[], more: Record<string, unknown> = {}) {
  const { isError, _meta, structuredContent, content } = await target.client.callTool({
    name: 'run_command',
    arguments: { command, ...more },
  });
  const text = JSON.stringify(content);
  const output = structuredContent as { stdout: string; omittedBytes: number; exitCode: number } | undefined;
  return { code: isError === true ? _meta?.['fastband/code'] : 'ran', text, output };
}

/** Runs what only a person's own yes lets run, for once. */
async function allowed(command: readonly string[], more: Record<string, unknown> = {}) {
  await target.host.api('settings.update', { approvals: { timeoutSeconds: 30 } });
  const running = run(command, more);
  await target.host.allow();
  const result = await running;
  await target.host.api('settings.update', { approvals: { timeoutSeconds: 1 } });
  return result;
}

async function unharmed(): Promise<void> {
  expect(existsSync(marker())).toBe(false);
  expect(await target.harm()).toEqual([]);
}

describe('through the running host, an argument is what it is and no more', () => {
  it.each([
    '$(touch MARK)',
    '`touch MARK`',
    '; touch MARK',
    '&& touch MARK',
    '| touch MARK',
    '> MARK',
    '<(touch MARK)',
    'a\ntouch MARK\n',
    'a\r\ntouch MARK',
    '*',
    '?.txt',
    '{a,b}.txt',
    '~',
    '$HOME',
    '$PATH',
    '%PATH%',
    '!!',
    '\'"\\',
    '\u202egnp.exe',
    '\u001b]0;x\u0007',
    '',
  ])('%j [CMD-1]', async (word) => {
    const given = word.replaceAll('MARK', marker());
    const { code, output } = await run(['printf', '[%s]', given, 'end']);
    expect([code, output?.stdout]).toEqual(['ran', `[${given}][end]`]);
    await unharmed();
  });
});

describe('through the running host, leave for a program by its name is none for', () => {
  it.each([
    ['one beside it', ['./printf', 'x']],
    ['one in a folder', ['bin/printf', 'x']],
    ['one by its whole path', ['WS/printf', 'x']],
    ['a link called so', ['./cat', 'a.txt']],
    ['a link to a shell', ['./seq', '-c', 'touch MARK']],
    ['a copy of a shell', ['./wc', '-c', 'touch MARK']],
    ['one by way of ..', ['bin/../printf', 'x']],
    ['a wrapper', ['env', 'touch', 'MARK']],
    ['a wrapper that sets what loads code', ['env', 'LD_PRELOAD=WS/evil.so', 'cat', 'a.txt']],
    ['a wrapper that sets where programs are', ['env', 'PATH=WS', 'printf', 'x']],
    ['a wrapper that splits a text', ['env', '-S', 'touch MARK']],
    ['a shell', ['sh', '-c', 'touch MARK']],
    ['a shell that reads', ['sh', '-s']],
    ['what goes on when its parent has ended', ['nohup', 'touch', 'MARK']],
    ['what leaves its group', ['setsid', 'touch', 'MARK']],
    ['many in one program', ['busybox', 'touch', 'MARK']],
  ])('%s [POL-5 CMD-3]', async (_, words) => {
    const command = words.map((word) => word.replaceAll('WS', box.workspace).replaceAll('MARK', marker()));
    const { code } = await run(command, command.at(-1) === '-s' ? { stdin: `touch ${marker()}` } : {});
    // Where this machine has no such program, there is none to be asked about.
    expect(code).toBe(words[0] === 'busybox' && code === 'not_found' ? 'not_found' : 'approval_timeout');
    await unharmed();
  });

  it('one that was put in its place: a name is looked for in no workspace [CMD-3]', async () => {
    for (const name of ['printf', 'ls', 'cat', 'wc', 'seq'])
      expect((await run([name, name === 'seq' ? '1' : 'a.txt'])).code).toBe('ran');
    expect((await run(['tool'])).code).toBe('not_found');
    await unharmed();
  });
});

describe('through the running host, no command names Fastband', () => {
  const WRAPPED: readonly (readonly string[])[] = [
    ['fastband', 'client', 'add', 'x'],
    ['./harmless', 'client', 'list'],
    ['node', 'harmless', 'client', 'list'],
    ['env', 'fastband', 'rules', 'list'],
    ['env', '-i', 'fastband', 'rules', 'list'],
    ['env', '-S', 'fastband rules list'],
    ['sh', '-c', 'fastband rules list'],
    ['sh', '-c', 'exec  fastband\trules list'],
    ['sh', '-c', 'true;fastband rules list'],
    ['sh', '-c', 'x=$(fastband keys list)'],
    ['sh', '-c', '(FASTBAND rules list)'],
    ['nohup', 'fastband', 'serve'],
    ['setsid', '-f', 'fastband', 'serve'],
    ['busybox', 'sh', '-c', 'fastband rules list'],
    ['xargs', 'fastband'],
    ['timeout', '5', 'fastband', 'rules', 'list'],
    ['nice', '-n', '5', 'fastband', 'rules', 'list'],
    ['cat', 'HOME/fastband.db'],
    ['cat', 'innocent/fastband.db'],
    ['cat', 'innocent/../home/fastband.db'],
    ['cat', '../home/settings.json'],
    ['cat', '--', './/..//home/./settings.json'],
    ['wc', '--files0-from=HOME/settings.json'],
    ['ls', 'HOME'],
    ['sh', '-c', 'cat ../home/settings.json'],
    ['sh', '-c', 'cat<innocent/settings.json'],
    ['printf', '%s', 'file://HOME/settings.json'],
  ];
  it.each(WRAPPED.map((words) => [words]))('%j [CMD-5]', async (words) => {
    const { code, text } = await run(words.map((word) => word.replaceAll('HOME', box.home)));
    expect([text, code]).toEqual([
      text,
      words[0] === 'busybox' && code === 'not_found' ? 'not_found' : 'command_refused',
    ]);
    await unharmed();
  });

  it('nor does what a shell is given to read [CMD-5]', async () => {
    for (const stdin of ['fastband rules list', `cat ${box.home}/settings.json`])
      expect((await run(['sh'], { stdin })).code).toBe('command_refused');
    await unharmed();
  });
});

describe('through the running host, a command', () => {
  it('can set no variable, and finds none that loads code or is a key [CMD-2 CALL-1]', async () => {
    expect((await run(['printf', 'x'], { env: { LD_PRELOAD: '/evil.so' } })).code).toBe('invalid_input');
    const { output } = await allowed(['env']);
    expect(output?.stdout).toContain('TERM=dumb');
    expect(output?.stdout).not.toMatch(/evil|NODE_OPTIONS|FASTBAND_(?!RUN)/);
    const path = /^PATH=(.*)$/m.exec(output?.stdout ?? '')?.[1]?.split(':') ?? [];
    expect(path.filter((one) => !one.startsWith('/') || one.startsWith(box.workspace))).toEqual([]);
  });

  it('that floods is stopped, and little of it is told [CMD-6]', async () => {
    const { code, text, output } = await run(['yes', 'x'.repeat(1000)]);
    expect([code, text.length < 20_000]).toEqual(['ran', true]);
    expect(output?.omittedBytes).toBeGreaterThan(1_000_000);
    await unharmed();
  });

  it.runIf(process.platform === 'linux').each([
    ['a child in its group', (mark: string) => `sleep ${mark} & echo done`],
    [
      'a child that closed what it writes to',
      (mark: string) => `sleep ${mark} >&- 2>&- & sleep 0.3; echo done`,
    ],
    [
      'a child in a session of its own',
      (mark: string) => `setsid sleep ${mark} >&- 2>&- & sleep 0.3; echo done`,
    ],
    [
      'a grandchild whose parent has gone',
      (mark: string) => `(setsid sh -c 'sleep ${mark} & exit' >&- 2>&- &); sleep 0.3; echo done`,
    ],
    [
      'a child that hears no end',
      (mark: string) => `nohup sleep ${mark} >/dev/null 2>&1 & sleep 0.3; echo done`,
    ],
  ])('leaves no child behind: %s [CMD-4]', async (_, text) => {
    const mark = `4${Date.now()}`;
    const { output } = await allowed(['sh', '-c', text(mark)]);
    expect(output?.stdout).toBe('done\n');
    await expect.poll(() => running(`sleep\0${mark}`)).toEqual([]);
    await unharmed();
  });
});

function running(mark: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return (
        /^\d+$/.test(name) &&
        readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(mark) &&
        !/^State:\s+Z/m.test(readFileSync(`/proc/${name}/status`, 'utf8'))
      );
    } catch {
      return false;
    }
  });
}
