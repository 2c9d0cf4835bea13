import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { visibility } from './visible.ts';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'fastband-visible-')));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const workspace = (name: string, root: string) => ({ name, root, readOnly: false, createdAt: 0 });
const WORKSPACES = [
  workspace('wide', base),
  workspace('shop', join(base, 'shop')),
  workspace('deep', join(base, 'shop', 'deep')),
  workspace('twin', join(base, 'shop-two')),
];

test.each([
  ['what no rule hides', 'shop', 'a.txt', true],
  ['what a rule hides', 'shop', 'secret/a', false],
  ['what a rule of a workspace further in hides', 'wide', 'shop/secret/a', false],
  ['what a rule of one two further in hides', 'wide', 'shop/deep/key', false],
  ['what a rule of the one around hides', 'wide', 'hidden/a', false],
  ['a twin of what is hidden', 'wide', 'shop-two/secret/a', true],
  ['the root of a workspace further in', 'wide', 'shop', true],
  ['a folder of Fastband', 'wide', 'conf/fastband', false],
  ['a file of Fastband', 'wide', 'conf/fastband/settings.json', false],
  ['a file of Fastband in other letters', 'wide', 'Conf/FASTBAND/settings.json', false],
  ['a twin of Fastband’s folder', 'wide', 'conf/fastband-old/settings.json', true],
  ['what is in a workspace that does not exist', 'gone', 'a.txt', false],
])('%s is shown or not, whichever workspace it is found from [FS-8]', (_name, name, path, shown) => {
  const hidden = new Set(['shop:secret/a', 'deep:key', 'wide:hidden/a']);
  const visible = visibility(
    WORKSPACES,
    join(base, 'conf', 'fastband'),
    (of, one) => !hidden.has(`${of}:${one}`),
  );
  expect(visible(name, path)).toBe(shown);
});
