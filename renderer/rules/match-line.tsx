import { commandLine, showLine } from '../../contract/display.ts';
import type { Match } from '../../contract/policy.ts';
import { KindLabel } from '../shared/effects.tsx';
import { useFormat } from '../shared/format.ts';
import { useMessages } from '../shared/language.ts';
import { matchVerb } from '../shared/match-text.ts';
import { Shown } from '../shared/parts.tsx';
import styles from './rules-page.module.css';

/** What a rule or grant covers: "changes src/** in shop". */
export function MatchLine({ match }: { readonly match: Match }) {
  const m = useMessages();
  const words = m.rules;
  const { list } = useFormat();
  return (
    <span className={styles.sentence}>
      <KindLabel kind={match.kind} verb={matchVerb(match, m.effects, list)} />
      {targetsOf(match, words.anything).map((one) => (
        <code key={one}>
          <Shown text={one} />
        </code>
      ))}
      {'workspace' in match && match.workspace !== undefined && (
        <span>{m.effects.in(showLine(match.workspace))}</span>
      )}
      {match.kind === 'exec' && match.cwd !== undefined && (
        <span>{words.below(match.cwd.map(showLine).join(', '))}</span>
      )}
      {match.kind === 'exec' && match.stdin !== undefined && <span>{words.withInput}</span>}
      {match.kind === 'net' && match.ports !== undefined && (
        <span>{words.onPorts(match.ports.join(', '))}</span>
      )}
      {match.kind === 'net' && match.methods !== undefined && <span>({match.methods.join(', ')})</span>}
    </span>
  );
}

function targetsOf(match: Match, anything: string): readonly string[] {
  const named = (patterns: readonly string[]) =>
    patterns.map((one) => (one === '**' || one === '*' ? anything : showLine(one)));
  switch (match.kind) {
    case 'read':
    case 'write':
      return named(match.paths);
    case 'exec': {
      const open = match.argv.at(-1) === '...';
      // No argument, so not in quotation marks as one.
      return [`${commandLine(open ? match.argv.slice(0, -1) : match.argv)}${open ? ' …' : ''}`];
    }
    case 'net':
      return named(match.hosts);
    case 'secret':
      return named(match.providers);
    case 'query':
      return named(match.databases);
  }
}
