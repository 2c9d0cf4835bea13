import TurndownService from 'turndown';
import { type DomElement, type DomNode, isElement } from './dom.ts';

/** A cell's text stands in one line, with nothing in it that would end the cell. */
function cell(content: string): string {
  return content
    .trim()
    .replace(/\s*\n\s*/g, ' ')
    .replaceAll('|', '\\|');
}

/** Markdown of what is below a node. Images are links: one that loads by itself would tell its host who reads. */
export function toMarkdown(root: DomNode): string {
  const service = new TurndownService({
    headingStyle: 'atx',
    codeBlockStyle: 'fenced',
    bulletListMarker: '-',
    emDelimiter: '*',
  });
  const attribute = (node: unknown, name: string) => (node as DomElement).getAttribute(name) ?? '';
  service.addRule('image', {
    filter: 'img',
    replacement: (_, node) => {
      const source = attribute(node, 'src');
      const alt = attribute(node, 'alt').replace(/\s+/g, ' ').replace(/[[\]]/g, '').trim();
      return source === '' ? alt : `[Image${alt === '' ? '' : `: ${alt}`}](${linkTarget(source)})`;
    },
  });
  service.addRule('link', {
    filter: (node) => node.nodeName === 'A',
    replacement: (content, node) => {
      const href = attribute(node, 'href');
      const text = content.trim().replace(/\s*\n\s*/g, ' ');
      if (text === '' || href === '') return text;
      // A link around an image would be a link within a link.
      return text.includes('](') ? text : `[${text}](${linkTarget(href)})`;
    },
  });
  service.addRule('cell', { filter: ['th', 'td'], replacement: (content) => ` ${cell(content)} |` });
  service.addRule('row', {
    filter: 'tr',
    replacement: (content, node) => {
      const row = node as unknown as DomElement;
      const line = `|${content.replace(/\n/g, '')}\n`;
      return isFirstRow(row) ? `${line}|${' --- |'.repeat(Math.max(1, row.children.length))}\n` : line;
    },
  });
  service.addRule('section', { filter: ['thead', 'tbody', 'tfoot'], replacement: (content) => content });
  service.addRule('table', {
    filter: 'table',
    replacement: (content) => `\n\n${content.replace(/\n{2,}/g, '\n').trim()}\n\n`,
  });
  return service.turndown(root as never);
}

function linkTarget(url: string): string {
  return url.replaceAll('(', '%28').replaceAll(')', '%29').replaceAll(' ', '%20');
}

function isFirstRow(row: DomElement): boolean {
  for (let node = row.parentNode; node !== null; node = node.parentNode) {
    if (node.nodeName !== 'TABLE' || !isElement(node)) continue;
    return node.querySelector('tr') === row;
  }
  return false;
}
