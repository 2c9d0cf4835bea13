import { Database, Eye, Globe, KeyRound, type LucideIcon, Pencil, SquareTerminal } from 'lucide-react';
import type { ReactElement } from 'react';
import { commandLine, showLine } from '../../contract/display.ts';
import type { Effect, EffectKind } from '../../contract/effects.ts';
import type { Messages } from '../messages/en.ts';
import styles from './effects.module.css';
import { useMessages } from './language.ts';
import { Shown } from './parts.tsx';

type Words = Messages['effects'];

/** The one visual language of the panel: each kind of effect has one icon, one verb and one colour, everywhere. */
const KINDS: Readonly<Record<EffectKind, { icon: ReactElement; colour: string | undefined }>> = {
  read: { icon: iconOf(Eye), colour: styles.read },
  write: { icon: iconOf(Pencil), colour: styles.write },
  exec: { icon: iconOf(SquareTerminal), colour: styles.exec },
  net: { icon: iconOf(Globe), colour: styles.net },
  secret: { icon: iconOf(KeyRound), colour: styles.secret },
  query: { icon: iconOf(Database), colour: styles.query },
};

/** Made once: a row that is filled anew keeps the icon that it has. */
function iconOf(Icon: LucideIcon): ReactElement {
  return <Icon size={14} strokeWidth={2} aria-hidden="true" />;
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
  const usual = useMessages().effects.verbs[kind];
  return drawKind(kind, verb ?? usual, short, usual);
}

/** The same without a component of its own, for where forty are drawn at once. */
export function drawKind(kind: EffectKind, verb: string, short: boolean, title = verb): ReactElement {
  const { icon, colour } = KINDS[kind];
  return (
    <span key={kind} className={`${styles.kind} ${colour}`} title={short ? title : undefined}>
      {icon}
      <span className={short ? styles.spoken : undefined}>{verb}</span>
    </span>
  );
}

/** One effect: what it does, and to what. */
export function EffectLine({ effect }: { effect: Effect }) {
  const words = useMessages().effects;
  return (
    <>
      <KindLabel kind={effect.kind} verb={verbOf(effect, words)} />
      <code className={styles.target}>
        <Shown text={targetOf(effect, words)} />
      </code>
      {'workspace' in effect && effect.workspace !== undefined && (
        <span className={styles.place}>{words.in(showLine(effect.workspace))}</span>
      )}
    </>
  );
}

/** The verb of one effect: "deletes" says more than its kind's "changes". */
export function verbOf(effect: Effect, words: Words): string {
  if (effect.kind === 'write') return words.ops[effect.op];
  if (effect.kind === 'query' && effect.access === 'write') return words.changesData;
  return words.verbs[effect.kind];
}

function targetOf(effect: Effect, words: Words): string {
  switch (effect.kind) {
    case 'read':
    case 'write':
      return `${showLine(effect.path)}${effect.tree === true ? ` ${words.andBelow}` : ''}`;
    case 'exec':
      return commandLine(effect.argv);
    case 'net':
      return showLine(`${effect.method} ${effect.url}`);
    case 'secret':
      return words.keyOf(showLine(effect.provider));
    case 'query':
      return showLine(effect.database);
  }
}
