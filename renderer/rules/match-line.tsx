import type { Match } from '../../contract/policy.ts';
import { KindLabel } from '../shared/effects.tsx';
import { useFormat } from '../shared/format.ts';
import { commandLine, visible } from '../shared/hidden.ts';
import { useMessages } from '../shared/language.ts';
import { Shown } from '../shared/parts.tsx';
import styles from './rules-page.module.css';

/** What a rule or grant covers: "changes src/** in shop". */
export function MatchLine({ match }: { readonly match: Match }) {
  const m = useMessages();
  const words = m.rules;
  const { list } = useFormat();
  const verb =
    match.kind === 'write' && match.ops !== undefined
      ? list(match.ops.map((op) => m.effects.ops[op]))
      : match.kind === 'query' && match.access === 'write'
        ? m.effects.changesData
        : m.effects.verbs[match.kind];
  return (
    <span className={styles.sentence}>
      <KindLabel kind={match.kind} verb={verb} />
      {targetsOf(match, words.anything).map((one) => (
        <code key={one}>
          <Shown text={one} />
        </code>
      ))}
      {'workspace' in match && match.workspace !== undefined && (
        <span>{m.effects.in(visible(match.workspace))}</span>
      )}
      {match.kind === 'exec' && match.cwd !== undefined && (
        <span>{words.below(match.cwd.map(visible).join(', '))}</span>
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
    patterns.map((one) => (one === '**' || one === '*' ? anything : visible(one)));
  switch (match.kind) {
    case 'read':
    case 'write':
      return named(match.paths);
    case 'exec':
      return [commandLine(match.argv.map((part) => (part === '...' ? '…' : part)))];
    case 'net':
      return named(match.hosts);
    case 'secret':
      return named(match.providers);
    case 'query':
      return named(match.databases);
  }
}
