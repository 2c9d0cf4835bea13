import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Page, Response } from 'playwright-core';
import { openBrowser, openPanel } from '../e2e/browser.ts';
import { CHROMIUM } from '../e2e/chromium.ts';
import { DesktopApp, freePort } from '../e2e/desktop/app.ts';
import { type Host, Sandbox } from '../e2e/host.ts';
import { fillLog } from '../e2e/million.ts';
import { DATABASE_FILE } from '../main/store/home.ts';
import { median, type Report, round } from './report.ts';

const APPROVALS = 40;
const SCROLL_MS = 8000;
const ROWS = 1_000_000;

/**
 * The panel in Chromium: what its first page weighs, when it is painted, how long a question takes to appear, and how a
 * log of a million rows scrolls. Its peers in the same run: an empty page that scrolls as far, and the bare event.
 */
export async function panel(): Promise<Report> {
  const browser = await openBrowser(CHROMIUM);
  const box = new Sandbox();
  try {
    await (await box.serve()).stop('SIGTERM');
    fillLog(join(box.home, DATABASE_FILE), ROWS);
    const host = await box.serve([]);
    const page = await openPanel(browser, host, { viewport: { width: 1280, height: 800 } });
    const weight = await firstPage(page);
    const paints: number[] = [];
    for (let i = 0; i < 7; i++) {
      await page.reload();
      await page.getByRole('heading', { level: 1 }).waitFor();
      paints.push(
        (await page.evaluate(
          "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN",
        )) as number,
      );
    }
    const asked = await questions(page, host, box);
    await page.goto(new URL('#/activity', page.url()).href);
    await page
      .getByText(/q\d+\.txt/)
      .first()
      .waitFor();
    await sleep(500);
    // Code that runs for the first time is slower: both are told.
    const unused = await scroll(page, '[role=grid]');
    const log = await scroll(page, '[role=grid]');
    await page.evaluate(
      'document.body.innerHTML = \'<div id=peer style="height:700px;overflow:auto"><div style="height:30000000px"></div></div>\'',
    );
    const empty = await scroll(page, '#peer');
    const desktop = await desktopFigures();
    const headlessFirstAnswerMs = await headlessStart();
    const figures = {
      firstPageKb: round(weight / 1024, 1),
      firstPaintMs: round(median(paints), 0),
      askedP95Ms: round(percentile(asked.shown, 95), 1),
      askedBareP95Ms: round(percentile(asked.bare, 95), 1),
      scrollFirstWorstMs: round(unused.worst, 1),
      scrollWorstMs: round(log.worst, 1),
      scrollFirstTaskMs: round(unused.task, 1),
      scrollTaskMs: round(log.task, 1),
      scrollFirstCpuMs: round(unused.cpu, 1),
      scrollCpuMs: round(log.cpu, 1),
      scrollEmptyCpuMs: round(empty.cpu, 1),
      scrollEmptyWorstMs: round(empty.worst, 1),
      scrollEmptyTaskMs: round(empty.task, 1),
      ...desktop,
      headlessFirstAnswerMs,
    };
    return {
      name: 'panel',
      rows: [
        { what: 'first page, gzipped', ours: `${figures.firstPageKb} KB`, peer: '' },
        { what: 'first contentful paint', ours: `${figures.firstPaintMs} ms`, peer: '' },
        {
          what: 'question to its appearance, p95',
          ours: `${figures.askedP95Ms} ms`,
          peer: `${figures.askedBareP95Ms} ms (the bare event)`,
        },
        {
          what: `scrolling ${ROWS} rows: longest frame`,
          ours: `${figures.scrollWorstMs} ms (the first time ${figures.scrollFirstWorstMs})`,
          peer: `${figures.scrollEmptyWorstMs} ms (an empty page)`,
        },
        {
          what: 'longest task of its main thread',
          ours: `${figures.scrollTaskMs} ms (the first time ${figures.scrollFirstTaskMs})`,
          peer: `${figures.scrollEmptyTaskMs} ms (an empty page)`,
        },
        {
          what: 'scrolling: most that one task took of a core',
          ours: `${figures.scrollCpuMs} ms (the first time ${figures.scrollFirstCpuMs})`,
          peer: `${figures.scrollEmptyCpuMs} ms (an empty page)`,
        },
        {
          what: 'the app on the double: memory of main, window open',
          ours: `${desktop.desktopMainMb} MB`,
          peer: '',
        },
        {
          what: 'the app on the double: start to the first answer',
          ours: `${desktop.desktopFirstAnswerMs} ms`,
          peer: `${figures.headlessFirstAnswerMs} ms (the headless host)`,
        },
      ],
      figures,
    };
  } finally {
    await browser.close();
    await box.close();
  }
}

/** Bytes, gzipped, of every file that is loaded until the first page stands. */
async function firstPage(page: Page): Promise<number> {
  const bodies: Promise<Buffer>[] = [];
  const note = (response: Response) => {
    if (!new URL(response.url()).pathname.startsWith('/api/')) bodies.push(response.body());
  };
  page.on('response', note);
  await page.reload();
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  await sleep(500);
  page.off('response', note);
  return (await Promise.all(bodies)).reduce((sum, body) => sum + gzipSync(body).length, 0);
}

/** How long after a call began to wait its question stands in the panel, and when the bare event had come. */
async function questions(page: Page, host: Host, box: Sandbox): Promise<{ shown: number[]; bare: number[] }> {
  const client = await box.connect(host, await box.addClient('Bench'));
  const shown: number[] = [];
  const bare: number[] = [];
  await page.goto(new URL('#/approvals', page.url()).href);
  await page.evaluate(`(() => {
    window.seen = new Map();
    new MutationObserver(() => {
      for (const heading of document.querySelectorAll('article h2')) {
        const name = /q\\d+\\.txt/.exec(heading.textContent)?.[0];
        if (name && !window.seen.has(name)) requestAnimationFrame(() => window.seen.set(name, Date.now()));
      }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  })()`);
  const events = await fetch(new URL('api/events', host.ready.panel), {
    headers: { authorization: `Bearer ${host.ready.panelToken}` },
  });
  const heard = new Map<string, number>();
  void (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of events.body ?? []) {
      const id = /"approval.added","approval":\{"id":"([^"]+)"/.exec(decoder.decode(chunk))?.[1];
      if (id !== undefined) heard.set(id, Date.now());
    }
  })().catch(() => {});
  for (let i = 0; i < APPROVALS; i++) {
    const call = client.callTool({ name: 'write_file', arguments: { path: `q${i}.txt`, content: 'x' } });
    const { id, createdAt } = await host.waiting();
    let at: number | undefined;
    while (at === undefined) {
      await sleep(20);
      at = (await page.evaluate(`window.seen.get('q${i}.txt')`)) as number | undefined;
    }
    shown.push(at - createdAt);
    bare.push((heard.get(id) ?? Number.NaN) - createdAt);
    await host.api('approvals.decide', { id, decision: 'deny' });
    await call;
  }
  await events.body?.cancel().catch(() => {});
  return { shown, bare: bare.filter((one) => !Number.isNaN(one)) };
}

/**
 * Turns the wheel as a person would, and jumps.
 *
 * @returns milliseconds: the longest frame; from a trace the longest task of the main thread, by the clock and by what
 * it had of a core. Where the machine is busy the two are far apart.
 */
async function scroll(page: Page, selector: string): Promise<{ worst: number; task: number; cpu: number }> {
  const session = await page.context().newCDPSession(page);
  const events: {
    name: string;
    dur?: number;
    tdur?: number;
    ts: number;
    pid: number;
    tid: number;
    args?: { name?: string };
  }[] = [];
  session.on(
    'Tracing.dataCollected',
    ({ value }) => void events.push(...(value as unknown as typeof events)),
  );
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: {
      includedCategories: [
        'toplevel',
        'devtools.timeline',
        'disabled-by-default-devtools.timeline',
        '__metadata',
      ],
    },
  });
  const frames = (await page.evaluate(`new Promise((done) => {
    const box = document.querySelector(${JSON.stringify(selector)});
    const full = box.scrollHeight;
    const gaps = [];
    const began = performance.now();
    let before = began;
    const step = (now) => {
      gaps.push(now - before);
      before = now;
      const gone = now - began;
      // A wheel for most of the time, a thumb that is dragged for the rest.
      if (gone % 2000 < 1500) box.scrollTop += 120;
      else box.scrollTop = full * ((gone / ${SCROLL_MS}) % 1);
      if (gone < ${SCROLL_MS}) requestAnimationFrame(step);
      else done(gaps.slice(2));
    };
    requestAnimationFrame(step);
  })`)) as number[];
  const ended = new Promise<void>((resolve) => session.once('Tracing.tracingComplete', () => resolve()));
  await session.send('Tracing.end');
  await ended;
  await session.detach();
  const main = new Set(
    events
      .filter((one) => one.name === 'thread_name' && one.args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = events.filter((one) => one.name === 'RunTask' && main.has(`${one.pid} ${one.tid}`));
  const longest = (of: 'dur' | 'tdur') => Math.max(0, ...tasks.map((one) => (one[of] ?? 0) / 1000));
  return { worst: Math.max(...frames), task: longest('dur'), cpu: longest('tdur') };
}

/** The app on the double: the memory of its main process, and how soon it answers a client. */
async function desktopFigures(): Promise<{ desktopMainMb: number; desktopFirstAnswerMs: number }> {
  const home = join(mkdtempSync(join(tmpdir(), 'fastband-bench-')), 'home');
  const port = await freePort();
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, 'settings.json'), JSON.stringify({ server: { port } }), { mode: 0o600 });
  const began = performance.now();
  const app = DesktopApp.start({ home });
  try {
    const answered = await firstAnswer(`http://127.0.0.1:${port}/mcp`, began);
    const page = await app.page('index.html');
    await page.getByText('Server running').first().waitFor();
    const { pid } = (
      (await page.evaluate("fastband.channels['server.status']({})")) as { value: { pid: number } }
    ).value;
    await sleep(2000);
    const rss = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return {
      desktopMainMb: round(Number(rss ?? Number.NaN) / 1024, 0),
      desktopFirstAnswerMs: round(answered, 0),
    };
  } finally {
    await app.close();
  }
}

/** Asks until the server answers. Without a token it refuses: that too is an answer. */
async function firstAnswer(url: string, began: number): Promise<number> {
  for (;;) {
    const answer = await fetch(url, { method: 'POST' }).catch(() => undefined);
    if (answer !== undefined) return performance.now() - began;
    await sleep(5);
  }
}

/** The headless host: from its start to the first answer of its server. */
async function headlessStart(): Promise<number> {
  const box = new Sandbox();
  try {
    const began = performance.now();
    const host = await box.serve();
    await fetch(host.ready.mcp, { method: 'POST' });
    return round(performance.now() - began, 0);
  } finally {
    await box.close();
  }
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}
