import { describe, expect, it } from 'vitest';
import { commandLine, showLine } from './display.ts';

describe('what a person reads', () => {
  it.each([
    ['a turned reading direction', 'cart\u202Ets.exe', 'cart⟦RLO⟧ts.exe'],
    ['nothing between letters', 'pay\u200Bpal', 'pay⟦ZWSP⟧pal'],
    ['a line end', 'a\nb', 'a⟦LF⟧b'],
    ['an escape for terminals', '\u001B[2J', '⟦ESC⟧[2J'],
    ['a filler that is drawn as nothing', 'a\u3164b', 'a⟦U+3164⟧b'],
    ['a tag character', 'a\u{E0041}b', 'a⟦U+E0041⟧b'],
    ['a letter of another script, which shows', 'pаypal', 'pаypal'],
    ['an umlaut', 'größe 9', 'größe 9'],
  ])('hides not %s', (_name, text, shown) => expect(showLine(text)).toBe(shown));

  it.each<[string[], string]>([
    [['npm', 'test'], 'npm test'],
    [['rm', '-rf', 'a b'], "rm -rf 'a b'"],
    [['sh', '-c', "echo 'x'"], "sh -c 'echo '\\''x'\\'''"],
    [['git', 'commit', '-m', ''], "git commit -m ''"],
    [['echo', '$HOME'], "echo '$HOME'"],
  ])('shows where the arguments of %j end', (argv, line) => expect(commandLine(argv)).toBe(line));
});
