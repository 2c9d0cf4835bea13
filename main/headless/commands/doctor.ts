import type { Command } from 'commander';
import { showLine } from '../../../contract/display.ts';
import { resolveHome } from '../home.ts';
import { paint, print, printJson } from '../terminal.ts';
import { addCommand, type CommonOptions } from './with-app.ts';

const STYLES = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

export function addDoctor(program: Command): void {
  addCommand(
    program,
    'doctor',
    'check the installation and its data, and say what to do about what is wrong',
    ['doctor', 'doctor --json'],
  ).action(async (options: CommonOptions) => {
    const { examine } = await import('../doctor.ts');
    const findings = await examine(resolveHome(options.home), process.env);
    if (findings.some((one) => one.state === 'fail')) process.exitCode = 1;
    if (options.json) return printJson(findings);
    for (const { state, name, text } of findings) {
      print(`${paint(STYLES[state], state.padEnd(4))}  ${name.padEnd(9)}  ${showLine(text)}`);
    }
  });
}
