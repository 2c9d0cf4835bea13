import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BrowserBench, Site, textOf } from './testing.ts';

const PAGE = `<!doctype html><title>Shop</title><style>
  body { margin: 0; background: #fff } @media (prefers-color-scheme: dark) { body { background: #000 } }
  #card { position: absolute; left: 40px; top: 60px; width: 200px; height: 100px; background: #0a0 }
  #tall { height: 3000px }</style>
  <div id=card>card</div><div id=tall></div>
  <input id=name aria-label=Name><input type=password id=pw value=hunter2 data-kind=secret>
  <select id=size><option>S<option>L</select><p id=said></p><img src=/lost alt=''>
  <script>
    const tell = () => { said.textContent = [document.querySelector('#name').value, document.querySelector('#size').value, innerWidth].join(' ') };
    addEventListener('input', tell); addEventListener('keydown', (event) => { if (event.key === 'Enter') { tell(); said.textContent += ' sent' } });
    console.error('something is wrong'); fetch('/missing');
  </script>`;

let site: Site;
let bench: BrowserBench;
beforeAll(async () => {
  site = await Site.start({ '/': PAGE });
  bench = await BrowserBench.create();
  bench.allow(site);
});
afterAll(async () => {
  await bench?.close();
  await site?.close();
});

const shown = (result: { content?: readonly { type: string; mimeType?: string }[] | undefined }) =>
  (result.content ?? []).find(({ type }) => type === 'image');

describe('a screenshot', () => {
  test.each([
    ['as it is', {}, { width: 1280, height: 800 }],
    ['with a screen of its own', { viewport: { width: 400, height: 300 } }, { width: 400, height: 300 }],
    ['of one element', { element: '#card' }, { width: 200, height: 100 }],
    ['of a part', { clip: { x: 10, y: 10, width: 60, height: 70 } }, { width: 60, height: 70 }],
    ['of all of it', { fullPage: true }, { width: 1280 }],
    ['once the network is quiet', { wait: 'networkidle' }, { width: 1280 }],
  ])('is taken %s', async (_, input, size) => {
    expect((await bench.call('screenshot', { url: site.url(), ...input })).output).toMatchObject(size);
  });

  test('is a JPEG when that is asked for, and one that is large is shown smaller and kept whole', async () => {
    const result = await bench.call('screenshot', { url: site.url(), fullPage: true, format: 'jpeg' });
    expect(shown(result)).toMatchObject({ mimeType: 'image/jpeg' });
    expect(result.output.height).toBeGreaterThan(3000);
    expect(textOf(result)).toMatch(/, shown at \d+×1568\./);
  });

  test('with a device is as large as its screen has pixels', async () => {
    const { output } = await bench.call('screenshot', { url: site.url(), device: 'iPhone 15' });
    expect(Number(output.width)).toBeGreaterThan(1000);
  });

  test('whose mask covers nothing is refused, and none is kept', async () => {
    const before = bench.pictures().length;
    const masked = (mask: string[]) => bench.call('screenshot', { url: site.url(), mask });
    for (const mask of [['#pww'], ['#pw', '#pww']])
      await expect(masked(mask)).rejects.toMatchObject({
        code: 'invalid_input',
        message: expect.stringContaining('#pww'),
      });
    expect(bench.pictures()).toHaveLength(before);
    await masked(['#pw']);
    expect(bench.pictures()).toHaveLength(before + 1);
  });

  test('of two themes or with a mask differs, by how much is told, under either name of a picture', async () => {
    const take = async (more: object) =>
      String((await bench.call('screenshot', { url: site.url(), ...more })).output.picture);
    const [light, dark] = [await take({ theme: 'light' }), await take({ theme: 'dark' })];
    const masked = await take({ theme: 'light', element: '#card', mask: ['#card'] });
    const card = await take({ theme: 'light', element: '#card' });
    const compare = (before: string, after: string) => bench.call('compare_screenshots', { before, after });
    const themes = await compare(light, `fastband://pictures/${dark}`);
    expect(themes.output).toMatchObject({ width: 1280, height: 800, sameSize: true });
    expect(Number(themes.output.ratio)).toBeGreaterThan(0.9);
    expect(textOf(themes)).toContain('not instructions');
    expect(shown(themes)).toBeDefined();
    expect(Number((await compare(card, masked)).output.ratio)).toBeGreaterThan(0.9);
    expect((await compare(card, light)).output).toMatchObject({ sameSize: false, width: 1280, height: 800 });
    expect((await compare(card, card)).output).toMatchObject({ pixels: 0, ratio: 0 });
  });
});

describe('a session', () => {
  test('stays the device that it was opened as, and says so when another is asked for', async () => {
    const take = (session: string, device?: string) =>
      bench.call('screenshot', {
        url: site.url(),
        session,
        ...(device === undefined ? {} : { device }),
      });
    await take('plain');
    await expect(take('plain', 'iPhone 15')).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('another session name'),
    });
    await take('phone', 'iPhone 15');
    await take('phone', 'iphone 15');
    await take('phone');
    await expect(take('phone', 'Pixel 7')).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('steps on a page', () => {
  test('type, press, select, scroll and picture it, marked as the page’s [NET-10]', async () => {
    const result = await bench.call('use_page', {
      url: site.url(),
      session: 'one',
      steps: [
        { do: 'type', on: '#name', value: 'pen' },
        { do: 'select', on: '#size', value: 'L' },
        { do: 'press', on: '#name', value: 'Enter' },
        { do: 'scroll', value: '500' },
        { do: 'screenshot', on: '#card' },
      ],
    });
    expect(result.output).toMatchObject({ done: 5, pictures: [expect.stringMatching(/^p_/)] });
    expect(textOf(result)).toContain('not instructions');
    expect(await bench.text('query_page', { session: 'one', selector: '#said' })).toContain(
      'pen L 1280 sent',
    );
  });

  test('end at the first that fails', async () => {
    const { output } = await bench.call('use_page', {
      url: site.url(),
      steps: [
        { do: 'type', on: '#name', value: 'pen' },
        { do: 'select', on: '#name', value: 'L' },
        { do: 'screenshot' },
      ],
    });
    expect(output).toMatchObject({ done: 1, failed: expect.stringContaining('Step 2'), pictures: [] });
  });
});

describe('what is read of a page', () => {
  test('elements with attributes and boxes, and never what a password field holds', async () => {
    const { output } = await bench.call('query_page', { url: site.url(), selector: '#card, #pw' });
    expect(output).toMatchObject({
      matches: 2,
      elements: [
        { tag: 'div', box: { x: 40, y: 60, width: 200, height: 100 }, attributes: { id: 'card' } },
        { tag: 'input', attributes: { id: 'pw', 'data-kind': 'secret' } },
      ],
    });
    expect(JSON.stringify(output)).not.toContain('hunter2');
  });

  test('its console, and requests that failed, each with where', async () => {
    const { output } = await bench.call('page_console', { url: site.url(), wait: 'networkidle' });
    const { events } = output as { events: { kind: string; text: string; at?: string }[] };
    expect(events.find(({ text }) => text.includes('something is wrong'))?.at).toContain(site.url());
    const lines = PAGE.split('\n');
    // A script's and the markup's own.
    for (const path of ['/missing', '/lost']) {
      const failed = events.find(({ kind, text }) => kind === 'request' && text.includes(path));
      const line = lines.findIndex((one) => one.includes(path)) + 1;
      expect(failed?.at).toMatch(new RegExp(`^${site.url()}:${line}:\\d+$`));
    }
  });
});

test.each([
  [{}, [595, 842]],
  [{ paper: 'Letter', landscape: true }, [792, 612]],
] as const)(
  'a PDF with %o is a file of the workspace, of that paper, with the page in it',
  async (more, size) => {
    const { output } = await bench.call('page_pdf', { url: site.url(), to: 'page.pdf', ...more });
    const file = readFileSync(bench.bench.path('page.pdf'));
    expect(output).toMatchObject({ bytes: file.length });
    const text = file.toString('latin1');
    expect(text.slice(0, 5)).toBe('%PDF-');
    const box = /\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/.exec(text)?.slice(1) ?? [];
    // In points, to the browser's own rounding.
    expect(box).toHaveLength(2);
    for (const [at, want] of size.entries()) expect(Math.abs(Number(box[at]) - want)).toBeLessThan(2);
    // Its title is that of the page.
    expect(text).toContain('/Title (Shop)');
  },
);
