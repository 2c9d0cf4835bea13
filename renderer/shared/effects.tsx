import { Database, Eye, Globe, KeyRound, type LucideIcon, Pencil, SquareTerminal } from 'lucide-react';
import type { Effect, EffectKind, WriteOp } from '../../contract/effects.ts';
import styles from './effects.module.css';
import { commandLine, visible } from './hidden.ts';
import { Shown } from './parts.tsx';

/** The one visual language of the panel: each kind of effect has one icon, one verb and one colour, everywhere. */
const KINDS: Readonly<Record<EffectKind, { icon: LucideIcon; verb: string; colour: string | undefined }>> = {
  read: { icon: Eye, verb: 'reads', colour: styles.read },
  write: { icon: Pencil, verb: 'changes', colour: styles.write },
  exec: { icon: SquareTerminal, verb: 'runs', colour: styles.exec },
  net: { icon: Globe, verb: 'reaches', colour: styles.net },
  secret: { icon: KeyRound, verb: 'uses', colour: styles.secret },
  query: { icon: Database, verb: 'queries', colour: styles.query },
};

const OPS: Readonly<Record<WriteOp, string>> = {
  create: 'creates',
  modify: 'changes',
  delete: 'deletes',
  move: 'moves',
  mkdir: 'makes folder',
  'git-stage': 'stages in',
  'git-commit': 'commits to',
  'git-branch': 'makes a branch in',
  'git-switch': 'switches the branch of',
  'git-restore': 'restores',
};

const GRAVITY: Readonly<Record<EffectKind, number>> = {
  exec: 5,
  secret: 4,
  net: 3,
  write: 2,
  query: 1,
  read: 0,
};

/** The riskiest first; deletions before other changes. */
export function byGravity(effects: readonly Effect[]): readonly Effect[] {
  return effects.toSorted((a, b) => weight(b) - weight(a));
}

function weight(effect: Effect): number {
  if (effect.kind === 'query' && effect.access === 'write') return 3.5;
  return GRAVITY[effect.kind] + (effect.kind === 'write' && effect.op === 'delete' ? 0.5 : 0);
}

/** Icon and verb of a kind, in its colour. */
export function KindLabel({
  kind,
  verb,
  short = false,
}: {
  kind: EffectKind;
  verb?: string;
  short?: boolean;
}) {
  const { icon: Icon, verb: usual, colour } = KINDS[kind];
  return (
    <span className={`${styles.kind} ${colour}`} title={short ? usual : undefined}>
      <Icon size={14} strokeWidth={2} aria-hidden="true" />
      <span className={short ? styles.spoken : undefined}>{verb ?? usual}</span>
    </span>
  );
}

/** One effect: what it does, and to what. */
export function EffectLine({ effect }: { effect: Effect }) {
  return (
    <>
      <KindLabel kind={effect.kind} verb={verbOf(effect)} />
      <code className={styles.target}>
        <Shown text={targetOf(effect)} />
      </code>
      {'workspace' in effect && <span className={styles.place}>in {visible(effect.workspace)}</span>}
    </>
  );
}

/** The verb of one effect: "deletes" says more than its kind's "changes". */
export function verbOf(effect: Effect): string {
  if (effect.kind === 'write') return OPS[effect.op];
  if (effect.kind === 'query' && effect.access === 'write') return 'changes data in';
  return KINDS[effect.kind].verb;
}

function targetOf(effect: Effect): string {
  switch (effect.kind) {
    case 'read':
    case 'write':
      return `${visible(effect.path)}${effect.tree === true ? ' and all below' : ''}`;
    case 'exec':
      return commandLine(effect.argv);
    case 'net':
      return visible(`${effect.method} ${effect.url}`);
    case 'secret':
      return visible(`the ${effect.provider} key`);
    case 'query':
      return visible(effect.database);
  }
}
