import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyText, runs } from '../core/property-testing.ts';
import { commandEnvironment } from './environment.ts';

/** What loads code into programs, turns git or a shell, or is a key. */
const DANGEROUS = [
  'LD_PRELOAD',
  'LD_LIBRARY_PATH',
  'LD_AUDIT',
  'DYLD_INSERT_LIBRARIES',
  'NODE_OPTIONS',
  'NODE_PATH',
  'PYTHONPATH',
  'PYTHONSTARTUP',
  'PERL5LIB',
  'PERL5OPT',
  'RUBYOPT',
  'BASH_ENV',
  'ENV',
  'IFS',
  'GIT_DIR',
  'GIT_SSH_COMMAND',
  'GIT_CONFIG_COUNT',
  'ELECTRON_RUN_AS_NODE',
  'FASTBAND_SECRET_SHOP',
  'ANTHROPIC_API_KEY',
  'OPENAI_API_KEY',
  'GOOGLE_API_KEY',
  'GEMINI_API_KEY',
  'JAVA_TOOL_OPTIONS',
  'EDITOR',
  'PAGER',
];

const name = fc.oneof(
  fc.constantFrom(...DANGEROUS),
  fc.constantFrom('HOME', 'LANG', 'LC_ALL', 'CI', 'PATH', 'TERM', 'MY_TOKEN', '__proto__', 'constructor'),
  anyText(12).filter((text) => text !== ''),
);

test('a command learns what it may and no more, and never what loads code or is a key, though a person named it [CMD-2]', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(name, anyText(20))), fc.array(name), (entries, extra) => {
      // As an environment is: names that mean something to JavaScript are names.
      const env = Object.assign(Object.create(null) as Record<string, string>, {
        PATH: '/usr/bin',
        ...Object.fromEntries(entries),
      });
      const made = commandEnvironment({ env, extra, workspaces: [], home: '/home/ada/fastband' });
      for (const [key, value] of Object.entries(made)) {
        expect(DANGEROUS).not.toContain(key);
        if (key === 'PATH' || key === 'TERM') continue;
        expect(value).toBe(env[key]);
        expect(extra.includes(key) || /^(?:HOME|LANG|LC_[A-Z]+)$|^[A-Z]/i.test(key)).toBe(true);
        if (key === 'CI' || key === 'MY_TOKEN') expect(extra).toContain(key);
      }
      expect(made.TERM).toBe('dumb');
    }),
    runs(500),
  );
});
