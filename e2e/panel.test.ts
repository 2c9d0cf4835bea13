import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PAGE_IDS } from '../contract/page-ids.ts';
import { DATABASE_FILE } from '../main/store/home.ts';
import { axe, drop, openBrowser, openPanel, unstyled } from './browser.ts';
import { CHROMIUM } from './chromium.ts';
import { type Host, Sandbox } from './host.ts';
import { HAS_KEYCHAIN } from './keychain.ts';
import { fillLog } from './million.ts';
import { setStage } from './stage.ts';

/** What opens on top of a page. */
const OPENED = [
  'activity?row=5',
  'tools?tool=run_command',
  'clients?add=1',
  'workspaces?add=1',
  'keys?add=1',
  'keys?import=1',
  'keys?key=anthropic',
  'activity?q=cart&kind=read&time=hour',
  'rules?rule=new',
  'rules?view=grants',
];

/** Texts of the title row's buttons that something else lies on. What a dialog or drawer covers is covered on purpose. */
const HIDDEN_IN_HEADER = `document.querySelector('[role=dialog]') ? [] : [...document.querySelectorAll('header button, header h1')].filter((one) => one.checkVisibility({ visibilityProperty: true })).filter((one) => {
  const { left, right, top, bottom } = one.getBoundingClientRect();
  return [left + 4, right - 4].some((x) => {
    const found = document.elementFromPoint(x, (top + bottom) / 2);
    return found !== null && !one.contains(found) && !found.contains(one);
  });
}).map((one) => one.textContent)`;

const WIDE = { width: 1280, height: 800 };

async function show(page: Page, place: string): Promise<void> {
  await page.goto(new URL(`#/${place}`, page.url()).href);
  await page.locator('h1').first().waitFor();
  // What is asked for has come, and dialogs, which come in within 150 ms, have their colours.
  await page.waitForTimeout(250);
}

describe.skipIf(!existsSync(CHROMIUM))('each page, with everything on it', () => {
  let browser: Browser;
  let box: Sandbox;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await openBrowser();
    box = new Sandbox();
    const host = await setStage(box);
    await host.api('settings.update', { appearance: { theme: 'system', language: 'en' } });
    page = await openPanel(browser, host, { viewport: WIDE, colorScheme: 'light' });
    page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
    page.on('pageerror', (error) => void complaints.push(error.message));
  });
  afterAll(async () => {
    await browser?.close();
    await box?.close();
  });

  async function settle(change: Promise<void>): Promise<void> {
    await change;
    // Colours change within 150 ms.
    await page.waitForTimeout(200);
  }

  it.each([...PAGE_IDS, ...OPENED])(
    '%s has nothing for axe to find, light, dark and narrow, and fits every window [UI-4]',
    async (place) => {
      await show(page, place);
      expect(await unstyled(page)).toEqual([]);
      expect(await axe(page)).toEqual([]);
      await settle(page.emulateMedia({ colorScheme: 'dark' }));
      expect(await axe(page)).toEqual([]);
      await settle(page.emulateMedia({ colorScheme: 'light' }));
      for (const width of [420, 900, 1600]) {
        await settle(page.setViewportSize({ width, height: 800 }));
        const [inner, outer] = (await page.evaluate(
          '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
        )) as [number, number];
        expect([width, inner]).toEqual([width, outer]);
        expect([width, await page.evaluate(HIDDEN_IN_HEADER)]).toEqual([width, []]);
        if (width === 420) expect(await axe(page)).toEqual([]);
      }
      await settle(page.setViewportSize(WIDE));
      expect(complaints).toEqual([]);
    },
  );
});

describe.skipIf(!existsSync(CHROMIUM))('the panel, on a host at work', () => {
  let browser: Browser;
  let box: Sandbox;
  let host: Host;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    browser = await openBrowser();
    box = new Sandbox();
    host = await setStage(box);
  });
  afterAll(async () => {
    await browser?.close();
    await box?.close();
  });
  afterEach(() => page.context().close());

  beforeEach(() => host.api('settings.update', { appearance: { theme: 'light', language: 'en' } }));

  async function open(options: Parameters<typeof openPanel>[2] = {}): Promise<void> {
    page = await openPanel(browser, host, { viewport: WIDE, ...options });
    complaints = [];
    page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
    page.on('pageerror', (error) => void complaints.push(error.message));
  }

  it('changes theme and language as they are set, and speaks no English then', async () => {
    await open();
    await host.api('settings.update', { appearance: { theme: 'dark', language: 'de' } });
    await page.getByRole('heading', { name: 'Übersicht' }).waitFor();
    expect(await page.evaluate('getComputedStyle(document.documentElement).colorScheme')).toBe('dark');
    await show(page, 'approvals');
    await page.getByRole('heading', { name: 'Claude Code möchte src/cart.ts in shop ändern' }).waitFor();
    await page.getByText('Eine Änderung braucht Ihre Antwort.').waitFor();
    const command = page.getByRole('button', { name: 'Cursor möchte npm test in shop ausführen' });
    await command.click();
    await page.getByText(/ Was geschieht, ist von hier aus nicht zu sehen\.$/).waitFor();
    await page.getByRole('button', { name: 'Claude Code möchte src/cart.ts in shop ändern' }).click();
    await page.getByRole('radio', { name: /Stunde/ }).check();
    expect(await page.locator('option').allInnerTexts()).toEqual([
      'src/cart.ts in shop ändern',
      expect.stringMatching(/^src\/\*\* in shop .*ändern/),
      expect.stringMatching(/^\*\* in shop .*ändern/),
    ]);
    for (const place of PAGE_IDS) {
      await show(page, place);
      const labels = (await page
        .locator('button:not([data-row]), h1, h2, th, [role=columnheader]')
        .allInnerTexts()) as string[];
      const english = labels.filter((text) =>
        /\b(the|and|Add|Remove|Waiting|Clients? connected|Search|Show|Close|Cancel|Save|wants)\b/.test(text),
      );
      expect([place, english]).toEqual([place, []]);
    }
    await host.api('settings.update', { appearance: { theme: 'light', language: 'en' } });
    await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor();
    expect(await page.evaluate('getComputedStyle(document.documentElement).colorScheme')).toBe('light');
  });

  it('is used by keys alone', async () => {
    await open();
    const heading = (name: string) => page.getByRole('heading', { name, level: 1 }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').waitFor();
    await page.keyboard.type('tools');
    await page.keyboard.press('Enter');
    await heading('Tools');
    await page.keyboard.press('g');
    await page.keyboard.press('c');
    await heading('Clients');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).getByText('Add client').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('n');
    await page.getByRole('dialog', { name: 'Add client' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('g');
    await page.keyboard.press('l');
    await heading('Activity');
    await page.getByRole('row').nth(1).waitFor();
    await page.getByRole('grid').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: /^Row / }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await expect.poll(() => page.evaluate("document.activeElement?.getAttribute('role')")).toBe('grid');
  });

  it('adds a client, whose token works, and shows it never again', async () => {
    await open();
    await show(page, 'clients?add=1');
    await page.getByRole('button', { name: 'VS Code' }).click();
    await page.getByRole('button', { name: 'Create token' }).click();
    await page
      .getByText(/fb_[A-Za-z0-9_-]{43}/)
      .first()
      .waitFor();
    const token = /fb_[A-Za-z0-9_-]{43}/.exec(await page.getByRole('dialog').innerText())?.[0] ?? '';
    const client = await box.connect(host, token);
    expect((await client.listTools()).tools.length).toBeGreaterThan(20);
    // Neither Escape nor a click beside it takes the token away unread.
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'I have copied it' }).click();
    await page.getByRole('button', { name: /^VS Code/ }).waitFor();
    expect(await page.content()).not.toContain(token);
  });

  it('asks where a folder is that was dropped, as a browser does not tell', async () => {
    await open();
    await show(page, 'workspaces');
    await drop(page, 'notes');
    await page.getByText('A browser does not say where “notes” is. Type its full path.').waitFor();
  });

  it('tries a tool by its form', async () => {
    await open();
    await show(page, 'tools?tool=read_file');
    await page.getByRole('tab', { name: 'Try' }).click();
    await page.getByRole('button', { name: 'Run' }).click();
    await page.getByRole('textbox', { name: /^path/ }).fill('shop/README.md');
    await page.getByRole('button', { name: 'Run' }).click();
    await page.getByText('A small shop with a cart.').waitFor();
  });

  it('makes a backup, shows it, verifies it by its passphrase alone, and says how to go back to it [BAK-2 BAK-4]', async () => {
    const passphrase = 'correct horse battery';
    await open();
    await show(page, 'settings');
    const section = page.getByRole('region', { name: 'Backups', exact: true });
    await section.getByText('There is no backup yet.').waitFor();
    await section.getByRole('button', { name: 'Back up now' }).click();

    const making = page.getByRole('dialog', { name: 'Make a backup' });
    const fill = async (first: string, second: string) => {
      await making.getByLabel('Passphrase').fill(first);
      await making.getByLabel('Once more').fill(second);
      await making.getByRole('button', { name: 'Back up now' }).click();
    };
    await fill('too short', 'too short');
    await making.getByText('It needs at least 12 characters.').waitFor();
    await fill(passphrase, `${passphrase}s`);
    await making.getByText('These are two different ones.').waitFor();
    expect(await axe(page)).toEqual([]);
    expect((await host.api('backups.list')).backups).toEqual([]);
    await fill(passphrase, passphrase);
    await page.getByText('The backup is made.').waitFor();
    await making.waitFor({ state: 'detached' });

    const { folder, backups } = await host.api('backups.list');
    expect(backups).toMatchObject([{ encrypted: true, scheduled: false }]);
    const name = backups[0]?.name ?? '';
    await section.getByText(name, { exact: true }).waitFor();
    expect(readFileSync(join(folder, name), 'latin1')).toMatch(/^age-encryption\.org/);

    await section.getByRole('button', { name: 'Verify' }).click();
    const verifying = page.getByRole('dialog', { name: 'Verify this backup' });
    await verifying.getByLabel('Passphrase').fill('another passphrase');
    await verifying.getByRole('button', { name: 'Verify' }).click();
    await verifying.getByText(/the passphrase is wrong/).waitFor();
    await verifying.getByLabel('Passphrase').fill(passphrase);
    await verifying.getByRole('button', { name: 'Verify' }).click();
    await page.getByText(/^It is as it was made: \d+ files?, \d+ verified rows? of activity\.$/).waitFor();
    await verifying.waitFor({ state: 'detached' });

    // It is for a command, with the host stopped: the page says so, and the command does.
    await section.getByText('To restore one, stop Fastband and run this.').waitFor();
    await section.getByText(`fastband backup restore ${name}`, { exact: true }).waitFor();
    const restored = await box.run(['backup', 'restore', name], { stdin: passphrase });
    expect([restored.code, restored.stderr]).toEqual([1, expect.stringMatching(/home_in_use|Stop it/)]);
    expect(await page.content()).not.toContain(passphrase);
    // What the browser says of an answer that is a refusal.
    expect(complaints.filter((one) => !one.includes('Failed to load resource'))).toEqual([]);
  });

  it('verifies a backup that is not encrypted, and says what that cannot tell [BAK-3]', async () => {
    const made = await box.run(['backup', 'create', '--no-encryption', '--json']);
    expect([made.code, made.stderr]).toEqual([0, expect.any(String)]);
    const plain = (await host.api('backups.list')).backups.find(({ encrypted }) => !encrypted);
    await open();
    await show(page, 'settings');
    const section = page.getByRole('region', { name: 'Backups', exact: true });
    const line = section.getByRole('listitem').filter({ hasText: plain?.name ?? 'none' });
    await line.getByText('not encrypted').waitFor();
    await line.getByRole('button', { name: 'Verify' }).click();
    const verifying = page.getByRole('dialog', { name: 'Verify this backup' });
    expect(await verifying.getByLabel('Passphrase').count()).toBe(0);
    await verifying.getByRole('button', { name: 'Verify' }).click();
    await page.getByText(/^Nothing in it is damaged: .*as it is not encrypted\.$/).waitFor();
    await verifying.waitFor({ state: 'detached' });
  });

  it('makes a rule by its form, tries it on past calls, and takes it away again', async () => {
    await open();
    await show(page, 'rules?rule=new');
    const drawer = page.getByRole('dialog', { name: 'Add rule' });
    await drawer.getByLabel('Paths').fill('README.md');
    await drawer.getByRole('combobox', { name: 'Decision' }).click();
    await page.getByRole('option', { name: 'Deny' }).click();
    await drawer.getByText('1 call would be decided otherwise than without this rule.').waitFor();
    await drawer.getByRole('button', { name: 'Save' }).click();
    const row = page.getByRole('button', { name: /Deny every client changes README\.md/ });
    await row.waitFor();
    expect(
      await host.api('rules.explain', {
        tool: 'write_file',
        input: { path: 'shop/README.md', content: 'x' },
      }),
    ).toMatchObject({ decision: 'deny' });
    await row.click();
    await page.getByLabel('Note').fill('Mine');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('“Mine”').waitFor();
    await page
      .getByRole('listitem')
      .filter({ hasText: 'Mine' })
      .getByRole('button', { name: 'More' })
      .click();
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    await row.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Undo' }).first().click();
    await row.waitFor();
    const rules = await host.api('rules.list');
    await host.api('rules.remove', { id: rules.find((rule) => rule.note === 'Mine')?.id ?? '' });
  });

  it('asks before a form with unsaved changes is left', async () => {
    await open();
    await show(page, 'rules?rule=new');
    await page.getByLabel('Paths').fill('README.md');
    await page.evaluate("location.hash = '#/tools'");
    await page.getByRole('alertdialog', { name: 'Leave without saving?' }).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).last().click();
    await expect.poll(() => page.getByLabel('Paths').inputValue()).toBe('README.md');
  });

  it('takes rules from a file, after it has shown what changes', async () => {
    await open();
    await show(page, 'rules');
    await page.getByRole('button', { name: 'File' }).click();
    await page.getByRole('menuitem', { name: 'Import rules' }).click();
    const choose = (text: string) =>
      page.locator('input[type=file]').setInputFiles({
        name: 'rules.yaml',
        mimeType: 'application/yaml',
        buffer: Buffer.from(text),
      });
    await choose('version: 1\nrules:\n  - effect: perhaps\n');
    await page.getByText(/no valid policy/).waitFor();
    await expect
      .poll(() => page.getByRole('button', { name: 'Import', exact: true }).isDisabled())
      .toBe(true);
    await choose(
      'version: 1\nrules:\n  - effect: deny\n    match: { kind: net, hosts: ["*.example.org"] }\n',
    );
    await page.getByText('1 to add, 0 to remove').waitFor();
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('*.example.org').waitFor();
    expect((await host.api('rules.export')).text).toContain('*.example.org');
  });

  it('shows what a call changed, and takes it back', async () => {
    await open();
    await show(page, 'activity?tool=edit_file&outcome=ok');
    await page.getByRole('row', { name: /Edited README/ }).click();
    const drawer = page.getByRole('dialog');
    await drawer.getByText('A small shop with a cart.', { exact: true }).first().waitFor();
    await drawer.getByRole('button', { name: 'Undo' }).click();
    await drawer.getByText('Undone', { exact: true }).waitFor();
    expect(readFileSync(join(box.workspace, 'README.md'), 'utf8')).toContain('A small shop.\n');
  });

  it.skipIf(!HAS_KEYCHAIN)('takes a key once, and never gives it back [KEY-3]', async () => {
    await open();
    const answers: string[] = [];
    page.on(
      'response',
      (response) =>
        void response.text().then(
          (text) => answers.push(text),
          () => {},
        ),
    );
    await show(page, 'keys');
    await page.keyboard.press('n');
    await page.getByLabel('Value').fill('sk-typed-by-a-person-1234567890');
    expect(await page.getByLabel('Value').getAttribute('type')).toBe('password');
    await page.getByRole('button', { name: 'Keep it' }).click();
    await page.getByRole('button', { name: /^OpenAI/ }).click();
    await page.getByText('The keychain of this system').waitFor();
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByText('The key of OpenAI was removed').waitFor();
    expect(answers.length).toBeGreaterThan(2);
    expect(answers.filter((text) => text.includes('sk-typed-by-a-person'))).toEqual([]);
    const { rows } = await host.api('audit.search', { limit: 20 });
    expect(rows.map(({ summary }) => summary)).toEqual(
      expect.arrayContaining(['Key openai was added.', 'Key openai was removed.']),
    );
    expect(JSON.stringify(rows)).not.toContain('sk-typed-by-a-person');
  });

  it('keeps a view under a name, and finds it after the page was loaded again', async () => {
    await open();
    await show(page, 'activity?kind=write');
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'Save this view' }).click();
    await page.getByLabel('Name').fill('Changes');
    await page.keyboard.press('Enter');
    await page.reload();
    await show(page, 'activity');
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitemcheckbox', { name: 'Changes' }).click();
    await expect.poll(() => page.url()).toContain('kind=write');
  });

  it('verifies the log, and exports what is found', async () => {
    await open();
    await show(page, 'activity?tool=read_file');
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.getByText('Nothing was changed.').waitFor();
    await page.getByRole('button', { name: 'Close' }).last().click();
    await page.getByRole('button', { name: 'Export' }).click();
    const download = page.waitForEvent('download');
    await page.getByRole('menuitem', { name: /CSV/ }).click();
    const file = readFileSync(await (await download).path(), 'utf8');
    expect(file).toContain('read_file');
    expect(file).not.toContain('edit_file');
  });
});

describe.skipIf(!existsSync(CHROMIUM))('a log of 1,000,000 rows', () => {
  let browser: Browser;
  let box: Sandbox;
  let page: Page;
  beforeAll(async () => {
    browser = await openBrowser();
    box = new Sandbox();
    await (await box.serve()).stop('SIGTERM');
    fillLog(join(box.home, DATABASE_FILE), 1_000_000);
    page = await openPanel(browser, await box.serve([]), { viewport: { width: 1280, height: 800 } });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await box?.close();
  });

  it('is shown at once, from its first row to its last, a window full at a time', async () => {
    await show(page, 'activity');
    const grid = page.getByRole('grid');
    expect(Number(await grid.getAttribute('aria-rowcount'))).toBeGreaterThan(1_000_000);
    await grid.focus();
    await page.keyboard.press('End');
    await page.getByText('read file 1 of 1000000', { exact: true }).waitFor();
    await page.evaluate(
      "(() => { const grid = document.querySelector('[role=grid]'); grid.scrollTop = grid.scrollHeight / 2; })()",
    );
    await page
      .getByText(/^read file (49|50)\d{4} of 1000000$/)
      .first()
      .waitFor();
    expect(await page.getByRole('row').count()).toBeLessThan(80);
    await page.keyboard.press('Home');
    await page.getByText('The server started', { exact: false }).first().waitFor();
  });

  it('is searched while its index is made, which is shown and can be stopped', async () => {
    await show(page, 'activity?q=999999');
    // Most rows are read one by one, as the index does not hold them yet.
    await page.getByText('read file 999999 of 1000000', { exact: true }).waitFor({ timeout: 60_000 });
    await page.getByText('Index for search').waitFor();
    await page.getByRole('progressbar', { name: 'Index for search' }).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('progressbar').waitFor({ state: 'detached' });
    await page.waitForTimeout(2000);
    expect(await page.getByRole('progressbar').count()).toBe(0);
  });
});
