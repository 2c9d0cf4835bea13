import bash from 'highlight.js/lib/languages/bash';
import c from 'highlight.js/lib/languages/c';
import cpp from 'highlight.js/lib/languages/cpp';
import csharp from 'highlight.js/lib/languages/csharp';
import css from 'highlight.js/lib/languages/css';
import go from 'highlight.js/lib/languages/go';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import kotlin from 'highlight.js/lib/languages/kotlin';
import markdown from 'highlight.js/lib/languages/markdown';
import php from 'highlight.js/lib/languages/php';
import python from 'highlight.js/lib/languages/python';
import ruby from 'highlight.js/lib/languages/ruby';
import rust from 'highlight.js/lib/languages/rust';
import sql from 'highlight.js/lib/languages/sql';
import swift from 'highlight.js/lib/languages/swift';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';
import { createLowlight } from 'lowlight';

/** A stretch of one line, and what it is: `keyword`, `string`, … */
export interface Token {
  readonly text: string;
  readonly kind?: string;
}

/** What of lowlight's tree is used here. */
interface Node {
  readonly type: string;
  readonly value?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly children?: readonly Node[];
}

const lowlight = createLowlight({
  bash,
  c,
  cpp,
  csharp,
  css,
  go,
  java,
  javascript,
  json,
  kotlin,
  markdown,
  php,
  python,
  ruby,
  rust,
  sql,
  swift,
  typescript,
  xml,
  yaml,
});

const BY_ENDING: Readonly<Record<string, string>> = {
  ts: 'typescript',
  tsx: 'typescript',
  mts: 'typescript',
  cts: 'typescript',
  js: 'javascript',
  jsx: 'javascript',
  mjs: 'javascript',
  cjs: 'javascript',
  py: 'python',
  rs: 'rust',
  rb: 'ruby',
  sh: 'bash',
  zsh: 'bash',
  yml: 'yaml',
  md: 'markdown',
  html: 'xml',
  svg: 'xml',
  vue: 'xml',
  h: 'c',
  cc: 'cpp',
  hpp: 'cpp',
  cs: 'csharp',
  kt: 'kotlin',
  scss: 'css',
};

/** The language of a file, by its name's ending; undefined for one that is not known here. */
export function languageOf(path: string): string | undefined {
  const ending = /\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase() ?? '';
  // Own keys only: a file may be called x.constructor.
  const name = Object.hasOwn(BY_ENDING, ending) ? (BY_ENDING[ending] ?? '') : ending;
  return lowlight.registered(name) ? name : undefined;
}

/**
 * Lines as tokens. They are read as one text, so that a comment over several lines is one. Every character of the text
 * comes out again, whatever the language makes of it.
 */
export function tokenLines(language: string, lines: readonly string[]): readonly (readonly Token[])[] {
  const result: Token[][] = [[]];
  const walk = (nodes: readonly Node[], kind: string | undefined) => {
    for (const node of nodes) {
      if (node.type === 'text') {
        (node.value ?? '').split('\n').forEach((text, at) => {
          if (at > 0) result.push([]);
          if (text !== '') result.at(-1)?.push(kind === undefined ? { text } : { text, kind });
        });
      } else if (node.type === 'element') {
        const [name] = [node.properties?.className].flat();
        walk(node.children ?? [], typeof name === 'string' ? name.replace(/^hljs-/, '') : kind);
      }
    }
  };
  walk(lowlight.highlight(language, lines.join('\n')).children, undefined);
  return result;
}
