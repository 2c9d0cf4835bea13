import { Readability } from '@mozilla/readability';
import { parseHTML } from 'linkedom';
import { withoutHidden } from '../../../contract/display.ts';
import { type DomDocument, type DomElement, type DomNode, isElement, TEXT, walk } from './dom.ts';
import { hiddenNames, removeHidden } from './hidden.ts';
import { toMarkdown } from './markdown.ts';

export interface ReadablePage {
  readonly title: string;
  readonly text: string;
  /** Too large or too deep for more than its plain text. */
  readonly plain: boolean;
}

/** Beyond these the tools that follow would take long, or more stack than there is. */
const MAX_ELEMENTS = 150_000;
const MAX_DEPTH = 300;
/** The main part of a larger page is not looked for: it takes longer than reading all of it. */
const MAX_EXTRACTED = 30_000;
/** A main part with less text than this is none. */
const MIN_CHARACTERS = 250;

/**
 * A page's text as a person would see it, with its links whole. Runs in a thread of its own: its time and memory are
 * for the page's author to spend.
 */
export function readPage(question: {
  readonly html: string;
  readonly url: string;
  readonly format: 'markdown' | 'text';
  readonly full: boolean;
}): ReadablePage {
  const document = parse(question.html);
  const root = document.documentElement;
  if (root === null) return { title: '', text: '', plain: false };
  const base = baseOf(document, question.url);
  const { count, depth } = removeHidden(root, hiddenNames(styleSheets(root)));
  const title = oneLine(document.querySelector('title')?.textContent ?? '');
  const { body } = document;
  // It is told beside the text; where the body was left out, it stands in it.
  walk(body, (node) => {
    if (node.nodeName.toUpperCase() !== 'TITLE') return true;
    node.remove();
    return false;
  });
  const plain = count > MAX_ELEMENTS || depth > MAX_DEPTH;
  if (plain) return { title, text: plainText(body), plain };
  makeLinksWhole(root, base);
  const main = question.full || count > MAX_EXTRACTED ? undefined : mainPart(document);
  const part = main ?? body;
  const text = question.format === 'text' ? plainText(part) : toMarkdown(part);
  return { title, text: tidy(text), plain };
}

/** Parsed with `html` and `body` in their places, which pages may leave out and this parser does not put in. */
function parse(html: string): DomDocument {
  const whole = /<body[\s>]/i.test(html)
    ? html
    : `<!doctype html><html><head></head><body>${html.replace(/<!doctype[^>]{0,2000}>|<\/?(?:html|head|body)(?:\s[^>]{0,2000})?>/gi, '')}</body></html>`;
  return (parseHTML(whole) as unknown as { document: DomDocument }).document;
}

function styleSheets(root: DomNode): string[] {
  const found: string[] = [];
  walk(root, (node) => {
    if (node.nodeName.toUpperCase() === 'STYLE') found.push(node.textContent ?? '');
    return true;
  });
  return found;
}

function baseOf(document: DomDocument, url: string): string {
  const href = document.querySelector('base')?.getAttribute('href');
  const base = href === null || href === undefined ? null : URL.parse(href, url);
  return base !== null && /^https?:$/.test(base.protocol) ? base.href : url;
}

/** Links lead somewhere from anywhere; what would run or hold data of its own is no link. */
function makeLinksWhole(root: DomNode, base: string): void {
  walk(root, (node) => {
    if (!isElement(node)) return true;
    for (const name of ['href', 'src']) {
      const value = node.getAttribute(name);
      if (value === null) continue;
      const url = URL.parse(value, base);
      if (url !== null && /^(?:https?|mailto|tel):$/.test(url.protocol)) node.setAttribute(name, url.href);
      else node.removeAttribute(name);
    }
    return true;
  });
}

function mainPart(document: DomDocument): DomElement | undefined {
  // It changes what it works on, and may find nothing: the whole page is kept beside it.
  const copy = (document as unknown as { cloneNode(deep: boolean): unknown }).cloneNode(true);
  const reader = new Readability<DomNode>(copy as never, {
    keepClasses: true,
    disableJSONLD: true,
    serializer: (node) => node as unknown as DomNode,
  });
  const article = reader.parse();
  const content = article?.content;
  if (content === null || content === undefined || !isElement(content)) return undefined;
  return (article?.length ?? 0) < MIN_CHARACTERS ? undefined : content;
}

const BLOCKS = new Set(
  'ADDRESS ARTICLE ASIDE BLOCKQUOTE BR DD DIV DL DT FIGCAPTION FIGURE FOOTER FORM H1 H2 H3 H4 H5 H6 HEADER HR LI MAIN NAV OL P PRE SECTION TABLE TR UL'.split(
    ' ',
  ),
);

/** Text alone, a line for each block. */
export function plainText(root: DomNode): string {
  const parts: string[] = [];
  const border = (node: DomNode) => {
    const name = node.nodeName.toUpperCase();
    if (BLOCKS.has(name)) parts.push('\n');
    else if (name === 'TD' || name === 'TH') parts.push('\t');
  };
  let preformatted = 0;
  walk(
    root,
    (node) => {
      if (node.nodeType === TEXT) {
        const text = node.textContent ?? '';
        parts.push(preformatted > 0 ? text : text.replace(/\s+/g, ' '));
      } else {
        border(node);
        if (node.nodeName.toUpperCase() === 'PRE') preformatted++;
      }
      return true;
    },
    (node) => {
      if (node.nodeType === TEXT) return;
      border(node);
      if (node.nodeName.toUpperCase() === 'PRE') preformatted--;
    },
  );
  return tidy(parts.join(''));
}

function tidy(text: string): string {
  return withoutHidden(text.replaceAll('\r\n', '\n'))
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

function oneLine(text: string): string {
  return withoutHidden(text).replace(/\s+/g, ' ').trim().slice(0, 300);
}
