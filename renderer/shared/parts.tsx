import { Check, Copy, type LucideIcon, TriangleAlert } from 'lucide-react';
import { type ButtonHTMLAttributes, type ReactNode, useEffect, useState } from 'react';
import { errorText } from './host.ts';
import { useMessages } from './language.ts';
import styles from './parts.module.css';

type Look = 'primary' | 'danger' | 'plain';

const LOOKS: Readonly<Record<Look, string | undefined>> = {
  primary: styles.primary,
  danger: styles.danger,
  plain: '',
};

/** A button. `hotkey` is only shown: the page listens for it. */
export function Button({
  look = 'plain',
  hotkey,
  icon: Icon,
  children,
  className,
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { look?: Look; hotkey?: string; icon?: LucideIcon }) {
  return (
    <button type="button" className={`${styles.button} ${LOOKS[look]} ${className ?? ''}`} {...rest}>
      {Icon !== undefined && <Icon size={14} aria-hidden="true" />}
      {children}
      {hotkey !== undefined && <kbd className={styles.key}>{hotkey}</kbd>}
    </button>
  );
}

/** Something that a person should know, in a line of its own. */
export function Notice({
  tone,
  children,
  action,
}: {
  tone: 'warn' | 'danger' | 'plain';
  children: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div
      className={`${styles.notice} ${styles[`${tone}Notice`]}`}
      role={tone === 'plain' ? undefined : 'alert'}
    >
      {tone !== 'plain' && <TriangleAlert size={16} aria-hidden="true" />}
      <div className={styles.noticeText}>{children}</div>
      {action}
    </div>
  );
}

/** What will be here, and the first step towards it. */
export function Empty({
  icon: Icon,
  title,
  alone = false,
  children,
}: {
  icon: LucideIcon;
  title: string;
  /** It is all there is: no page has its title above it. */
  alone?: boolean;
  children: ReactNode;
}) {
  const Heading = alone ? 'h1' : 'h2';
  return (
    <section className={styles.empty}>
      <Icon size={24} strokeWidth={1.5} aria-hidden="true" />
      <Heading>{title}</Heading>
      {children}
    </section>
  );
}

/** The shape of what is loading, and only when it takes a while. */
export function Loading({ lines = 3 }: { lines?: number }) {
  const m = useMessages();
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), 150);
    return () => clearTimeout(timer);
  }, []);
  if (!slow) return null;
  return (
    <div className={styles.loading} role="status">
      <span className={styles.spoken}>{m.errors.loading}</span>
      {Array.from({ length: lines }, (_, line) => `line ${line}`).map((key) => (
        <div key={key} />
      ))}
    </div>
  );
}

/** What could not be loaded, why, and the way to try again. */
export function Failed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const m = useMessages();
  return (
    <Notice tone="danger" action={<Button onClick={onRetry}>{m.actions.retry}</Button>}>
      <strong>{m.errors.title}.</strong> {errorText(error)}
    </Notice>
  );
}

/** Text to take along, such as a command or an address. */
export function Copyable({ text }: { text: string }) {
  const m = useMessages();
  const [copied, setCopied] = useState(false);
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => {
        setCopied(true);
        setTimeout(() => setCopied(false), 1500);
      },
      () => {},
    );
  };
  return (
    <span className={styles.copyable}>
      <code>{text}</code>
      <button
        type="button"
        onClick={copy}
        title={copied ? m.actions.copied : m.actions.copy}
        aria-label={copied ? m.actions.copied : m.actions.copyOf(text)}
      >
        {copied ? <Check size={14} aria-hidden="true" /> : <Copy size={14} aria-hidden="true" />}
      </button>
    </span>
  );
}

/** Text in which the host made hidden characters visible: `⟦RLO⟧` stands out. */
export function Shown({ text }: { text: string }) {
  if (!text.includes('⟦')) return text;
  let at = 0;
  return text.split(/(⟦[^⟦⟧]{1,12}⟧)/).map((part) => {
    const key = at;
    at += part.length + 1;
    return part.startsWith('⟦') ? (
      <mark key={key} className={styles.hidden}>
        {part}
      </mark>
    ) : (
      <span key={key}>{part}</span>
    );
  });
}
