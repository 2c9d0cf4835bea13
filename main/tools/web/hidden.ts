import { type DomElement, type DomNode, isElement, TEXT, walk } from './dom.ts';

/** What no person reads on the page: programs, styles, forms' insides, embedded things, and what is for no-script browsers. */
const UNREAD = new Set([
  'SCRIPT',
  'STYLE',
  'TEMPLATE',
  'NOSCRIPT',
  'IFRAME',
  'FRAME',
  'OBJECT',
  'EMBED',
  'APPLET',
  'SVG',
  'MATH',
  'CANVAS',
  'AUDIO',
  'VIDEO',
  'LINK',
  'META',
  'INPUT',
  'SELECT',
  'DATALIST',
  'TEXTAREA',
  'BUTTON',
  'DIALOG',
]);

const MAX_RULES = 2000;

/**
 * Takes out whatever a person would not see: elements that are not text, that say they are hidden, or that a plain rule
 * of the page's own style hides; comments too. How external style sheets and scripts would show the page is not known.
 *
 * @returns how many elements are left, and how deep they are nested
 */
export function removeHidden(root: DomNode, hidden: ReadonlySet<string>): { count: number; depth: number } {
  let count = 0;
  let deepest = 0;
  walk(root, (node, depth) => {
    if (!isElement(node)) {
      if (node.nodeType !== TEXT) node.remove();
      return false;
    }
    if (isHidden(node, hidden)) {
      node.remove();
      return false;
    }
    count++;
    if (depth > deepest) deepest = depth;
    return true;
  });
  return { count, depth: deepest };
}

function isHidden(element: DomElement, hidden: ReadonlySet<string>): boolean {
  const name = element.nodeName.toUpperCase();
  if (UNREAD.has(name)) return true;
  if (name === 'BODY' || name === 'HTML' || name === 'HEAD' || name === 'TITLE') return false;
  if (element.getAttribute('hidden') !== null) return true;
  if (element.getAttribute('aria-hidden')?.trim().toLowerCase() === 'true') return true;
  const style = element.getAttribute('style');
  if (style !== null && hides(style)) return true;
  if (hidden.size === 0) return false;
  const id = element.getAttribute('id');
  if (id !== null && (hidden.has(`#${id}`) || hidden.has(`${name}#${id}`))) return true;
  const classes = element.getAttribute('class')?.split(/\s+/) ?? [];
  return classes.some((one) => one !== '' && (hidden.has(`.${one}`) || hidden.has(`${name}.${one}`)));
}

/** Whether declarations hide what they apply to. */
export function hides(declarations: string): boolean {
  const plain = declarations.replace(/\/\*.*?\*\//gs, '').toLowerCase();
  return plain.split(';').some((declaration) => {
    const colon = declaration.indexOf(':');
    const property = declaration.slice(0, colon).trim();
    const value = declaration
      .slice(colon + 1)
      .replace('!important', '')
      .trim();
    switch (property) {
      case 'display':
        return value === 'none';
      case 'visibility':
        return value === 'hidden' || value === 'collapse';
      case 'content-visibility':
        return value === 'hidden';
      case 'opacity':
        return /^0*(?:\.0+)?%?$/.test(value) && value !== '';
      case 'font-size':
        return /^0*(?:\.0+)?(?:px|pt|em|rem|%)?$/.test(value) && value !== '';
      default:
        return false;
    }
  });
}

/** The names that a style sheet's own plain rules hide; `@media print` and the like hide nothing from a reader. */
export function hiddenNames(sheets: readonly string[]): Set<string> {
  const names = new Set<string>();
  let rules = 0;
  for (const sheet of sheets) {
    for (const { selector, body } of topRules(sheet)) {
      if (++rules > MAX_RULES) return names;
      for (const one of selector.split(',')) {
        const [, tag = '', rest = ''] = /^\s*([a-z][a-z0-9]*)?([.#][\w-]+)\s*$/i.exec(one) ?? [];
        if (rest === '') continue;
        const name = `${tag.toUpperCase()}${rest}`;
        if (hides(body)) names.add(name);
        else if (/(?:^|[;\s])(?:display|visibility|opacity)\s*:/i.test(body)) names.delete(name);
      }
    }
  }
  return names;
}

function* topRules(sheet: string): Generator<{ selector: string; body: string }> {
  let depth = 0;
  let start = 0;
  let selector = '';
  for (let i = 0; i < sheet.length; i++) {
    if (sheet[i] === '/' && sheet[i + 1] === '*') {
      const end = sheet.indexOf('*/', i + 2);
      if (end === -1) return;
      if (depth === 0) start = end + 2;
      i = end + 1;
    } else if (sheet[i] === '{') {
      if (depth === 0) selector = sheet.slice(start, i);
      if (depth++ === 0) start = i + 1;
    } else if (sheet[i] === '}') {
      if (--depth === 0) {
        if (!selector.trimStart().startsWith('@')) yield { selector, body: sheet.slice(start, i) };
        start = i + 1;
      }
      if (depth < 0) depth = 0;
    }
  }
}
