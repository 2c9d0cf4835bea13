import { expect, test } from 'vitest';
import { likelySetUp, setUps } from './set-up.ts';

test.each([
  ['Claude Code', 'claude-code'],
  ['Cursor on the laptop', 'cursor'],
  ['VS Code', 'vscode'],
  ['GitHub Copilot', 'vscode'],
  ['Codex', 'codex'],
  ['Claude Desktop', 'stdio'],
  ['my agent', 'claude-code'],
])('%s is set up as %s', (name, id) => {
  expect(likelySetUp(name)).toBe(id);
});

test('every way in holds the token once, and what is JSON can be read as such', () => {
  for (const { file, text } of setUps('http://127.0.0.1:7850/mcp', 'fb_secret')) {
    expect(text.split('fb_secret')).toHaveLength(2);
    if (file?.endsWith('.json') === true) expect(Object.keys(JSON.parse(text) as object)).toHaveLength(1);
  }
});
