import { describe, expect, test } from 'vitest';
import { hiddenNames, hides } from './hidden.ts';
import { readPage } from './page.ts';

const read = (html: string, more: Partial<Parameters<typeof readPage>[0]> = {}) =>
  readPage({ html, url: 'https://site.example/docs/page', format: 'markdown', full: true, ...more });

describe('what a person would not see does not reach the answer', () => {
  test.each([
    ['a script', '<script>SECRET</script>'],
    ['a style', '<style>.a { content: "SECRET" }</style>'],
    ['a comment', '<!-- SECRET -->'],
    ['a template', '<template>SECRET</template>'],
    ['what browsers without scripts show', '<noscript>SECRET</noscript>'],
    ['an embedded page', '<iframe srcdoc="SECRET">SECRET</iframe>'],
    ['a drawing', '<svg><text>SECRET</text></svg>'],
    ['a form’s hidden field', '<input type="hidden" value="SECRET">'],
    ['display: none', '<p style="color:red; DISPLAY : none !important">SECRET</p>'],
    ['display: none behind a comment', '<p style="/* x */display:/* y */none">SECRET</p>'],
    ['visibility', '<p style="visibility:hidden">SECRET</p>'],
    ['opacity', '<p style="opacity:0.0">SECRET</p>'],
    ['no size', '<p style="font-size:0px">SECRET</p>'],
    ['the hidden attribute', '<div hidden><p>SECRET</p></div>'],
    ['aria-hidden', '<span aria-hidden="TRUE">SECRET</span>'],
    ['a class that the page hides', '<style>.x,.ghost{display:none}</style><p class="a ghost">SECRET</p>'],
    [
      'an id that the page hides',
      '<style>/* {} */ #ghost { visibility: hidden }</style><p id="ghost">SECRET</p>',
    ],
    ['tag and class', '<style>p.ghost { opacity: 0 }</style><p class="ghost">SECRET</p>'],
    ['a closed dialog', '<dialog>SECRET</dialog>'],
    ['an attribute', '<p title="SECRET" data-x="SECRET" onclick="SECRET"></p>'],
    ['data in a link', '<a href="data:text/html,SECRET">x</a>'],
    ['a script in a link', '<a href="java\nscript:SECRET()">x</a>'],
    ['an image that holds its own data', '<img alt="x" src="data:image/png;base64,SECRET">'],
  ])('%s', (_, html) => {
    for (const format of ['markdown', 'text'] as const)
      for (const full of [true, false]) {
        const { text } = read(`<html><body><p>Shown before</p>${html}<p>Shown after</p></body></html>`, {
          format,
          full,
        });
        expect(text).not.toContain('SECRET');
        expect(text).toContain('Shown before');
        expect(text).toContain('Shown after');
      }
  });

  test('characters without a shape', () => {
    const hidden = '\u200b\u200d\u2060\ufeff\u202e\u{e0041}\u00ad';
    expect(read(`<html><body><p>a${hidden}b</p><title>c${hidden}d</title></body></html>`)).toMatchObject({
      title: 'cd',
      text: 'ab',
    });
  });

  test('what is hidden on paper alone is shown', () => {
    const sheet = '@media print { .x { display: none } } .y { display: none } .y { display: block }';
    expect([...hiddenNames([sheet])]).toEqual([]);
    expect(hides('display: inline; opacity: 0.5; font-size: 0.9em')).toBe(false);
  });
});

describe('markdown', () => {
  const markdown = (body: string) => read(`<html><body>${body}</body></html>`).text;
  test.each([
    ['a link below the page', '<a href="x?y#z">t</a>', '[t](https://site.example/docs/x?y#z)'],
    ['a link without a scheme', '<a href="//other.example/">t</a>', '[t](https://other.example/)'],
    ['a link that would end early', '<a href="/a)b(c">t</a>', '[t](https://site.example/a%29b%28c)'],
    ['an image is a link', '<img src="/i.png" alt="A [cat]">', '[Image: A cat](https://site.example/i.png)'],
    ['code', '<pre><code class="language-js">a\n  b</code></pre>', '```js\na\n  b\n```'],
    ['headings and lists', '<h2>A</h2><ul><li>b<li>c</ul>', '## A\n\n-   b\n-   c'],
    [
      'a table',
      '<table><thead><tr><th>A</th><th>B</th></tr></thead><tbody><tr><td>1|2</td><td><p>3</p></td></tr></tbody></table>',
      '| A | B |\n| --- | --- |\n| 1\\|2 | 3 |',
    ],
  ])('%s', (_, html, expected) => {
    expect(markdown(html)).toBe(expected);
  });

  test('a base that the page names', () => {
    expect(
      read('<html><head><base href="https://b.example/x/"></head><body><a href="y">t</a></body></html>').text,
    ).toBe('[t](https://b.example/x/y)');
  });
});

describe('pages as they come', () => {
  test.each([
    ['without html or body', '<!doctype html><title>T</title><p>Hello', 'T', 'Hello'],
    ['without body', '<html><head><title>T</title></head><p>Hello<p>You</html>', 'T', 'Hello\n\nYou'],
    ['text alone', 'Hello', '', 'Hello'],
    ['nothing', '', '', ''],
    ['entities', '<html><body>a &amp;&lt; &eacute;&#x1F600;</body></html>', '', 'a &< é😀'],
  ])('%s', (_, html, title, text) => {
    expect(read(html)).toEqual({ title, text, plain: false });
  });

  const article = `<article><h1>Head</h1>${'<p>The main part of the page goes on for a while, with commas, and words.</p>'.repeat(10)}</article>`;
  test('the main part alone, or all of it', () => {
    const html = `<html><head><title>T</title></head><body><nav><ul><li><a href="/">Home</a></li></ul></nav>${article}<footer>Imprint</footer></body></html>`;
    const main = read(html, { full: false }).text;
    expect(main).toContain('goes on for a while');
    expect(main).not.toContain('Imprint');
    expect(read(html).text).toContain('Imprint');
  });

  test.each([
    ['nested without end', '<div>'.repeat(20_000), true],
    ['very many elements', '<i>x</i>'.repeat(160_000), true],
  ])('%s: plain text', (_, html, plain) => {
    const page = read(`<html><body>${html}end</body></html>`);
    expect(page.plain).toBe(plain);
    expect(page.text).toMatch(/end$/);
  });
});
